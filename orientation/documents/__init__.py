"""What the service prints."""

from orientation.documents.receipt import receipt_pdf

__all__ = ["receipt_pdf"]
