"""What schools tell their families."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from audit.operations import Audited


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0007_guardian_mutes_reminders'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SchoolMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='clé du formulaire')),
                ('title', models.CharField(max_length=120, verbose_name='titre')),
                ('body', models.TextField(max_length=5000, verbose_name='texte')),
                ('shown_from', models.DateTimeField(verbose_name='affiché à partir du')),
                ('shown_until', models.DateTimeField(verbose_name='affiché jusqu’au')),
                ('audience', models.CharField(choices=[('school', 'tout l’établissement'), ('level', 'un niveau'), ('divisions', 'des classes')], default='school', max_length=10, verbose_name='destinataires')),
                ('mef_prefix', models.CharField(blank=True, max_length=11, verbose_name='début du code MEF')),
                ('changed_at', models.DateTimeField(verbose_name='modifié le')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='auteur')),
                ('divisions', models.ManyToManyField(blank=True, related_name='messages', to='schools.division', verbose_name='classes')),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='schools.school', verbose_name='établissement')),
            ],
            options={
                'verbose_name': 'actualité',
                'verbose_name_plural': 'actualités',
                'ordering': ['-shown_from', '-pk'],
                'indexes': [models.Index(fields=['school', '-shown_from'], name='school_message_newest')],
                'constraints': [models.UniqueConstraint(fields=('school', 'key'), name='school_message_one_per_form'), models.CheckConstraint(condition=models.Q(('shown_until__gte', models.F('shown_from'))), name='school_message_ends_after'), models.CheckConstraint(condition=models.Q(('audience', 'level'), ('mef_prefix', ''), _connector='XOR'), name='school_message_prefix_of_level')],
            },
        ),
        Audited("SchoolMessage", school="school", without=["key"]),
        Audited("SchoolMessage", many_to_many="divisions", school="school"),
    ]
