"""What the product is compared with: `bare` is plain Django, `dressed` the product's own frame around a bare view."""
