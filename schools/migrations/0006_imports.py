"""Imports of a school's pupils, asked for on a page."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from audit.operations import Audited


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0005_audit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SiecleImport',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('school_year', models.PositiveSmallIntegerField(verbose_name='année scolaire')),
                ('origin', models.CharField(choices=[('page', 'page d’administration'), ('command', 'commande de l’exploitant')], default='page', max_length=10, verbose_name='origine')),
                ('state', models.CharField(choices=[('uploaded', 'en attente de lecture'), ('checking', 'en cours de lecture'), ('to_confirm', 'à confirmer'), ('applying', 'en cours d’écriture'), ('done', 'terminé'), ('refused', 'refusé'), ('failed', 'échoué'), ('cancelled', 'annulé')], default='uploaded', max_length=10, verbose_name='état')),
                ('files', models.JSONField(default=list, verbose_name='fichiers')),
                ('export_made_at', models.DateTimeField(blank=True, null=True, verbose_name='exporté le')),
                ('uploaded_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='envoyé le')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmé le')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='terminé le')),
                ('reason', models.TextField(blank=True, verbose_name='motif')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='empreinte du plan')),
                ('summary', models.JSONField(default=dict, verbose_name='résumé')),
                ('lines', models.JSONField(default=dict, verbose_name='lignes')),
                ('step', models.CharField(blank=True, max_length=60, verbose_name='étape')),
                ('progress_done', models.PositiveIntegerField(default=0, verbose_name='lignes faites')),
                ('progress_total', models.PositiveIntegerField(default=0, verbose_name='lignes à faire')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='essais')),
                ('claim', models.UUIDField(blank=True, null=True, verbose_name='bail')),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='à reprendre à partir de')),
                ('cancelled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='annulé par')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='confirmé par')),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='imports', to='schools.school', verbose_name='établissement')),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='envoyé par')),
            ],
            options={
                'verbose_name': 'import SIECLE',
                'verbose_name_plural': 'imports SIECLE',
                'ordering': ['-uploaded_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='ImportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='nom')),
                ('content', models.BinaryField(verbose_name='contenu')),
                ('siecle_import', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contents', to='schools.siecleimport', verbose_name='import SIECLE')),
            ],
            options={
                'verbose_name': 'fichier à importer',
                'verbose_name_plural': 'fichiers à importer',
            },
        ),
        migrations.AddIndex(
            model_name='siecleimport',
            index=models.Index(fields=['school', '-uploaded_at'], name='siecle_import_history'),
        ),
        migrations.AddConstraint(
            model_name='siecleimport',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['uploaded', 'checking', 'to_confirm', 'applying'])), fields=('school',), name='siecle_import_one_under_way'),
        ),
        Audited(
            "SiecleImport",
            school="school",
            without=["summary", "lines", "digest", "step", "progress_done", "progress_total", "attempts", "claim", "due_at"],
        ),
    ]
