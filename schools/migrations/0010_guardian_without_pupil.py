from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0009_contact_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='guardian',
            name='without_pupil_since',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='sans élève depuis le'),
        ),
    ]
