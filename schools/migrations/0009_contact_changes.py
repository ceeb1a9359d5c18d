"""What guardians say of themselves and SIECLE does not say yet."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from audit.operations import Audited


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0008_messages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='guardian',
            name='accepts_sms',
            field=models.BooleanField(blank=True, null=True, verbose_name='accepte les SMS'),
        ),
        migrations.AddField(
            model_name='guardian',
            name='address_lines',
            field=models.TextField(blank=True, max_length=400, verbose_name='adresse'),
        ),
        migrations.AddField(
            model_name='guardian',
            name='country',
            field=models.CharField(blank=True, max_length=2, verbose_name='pays'),
        ),
        migrations.AddField(
            model_name='guardian',
            name='occupation',
            field=models.CharField(blank=True, max_length=4, verbose_name='profession'),
        ),
        migrations.AddField(
            model_name='guardian',
            name='postal_code',
            field=models.CharField(blank=True, max_length=12, verbose_name='code postal'),
        ),
        migrations.AddField(
            model_name='guardian',
            name='shares_coordinates',
            field=models.BooleanField(blank=True, null=True, verbose_name='coordonnées communiquées aux associations de parents d’élèves'),
        ),
        migrations.AddField(
            model_name='guardian',
            name='town',
            field=models.CharField(blank=True, max_length=100, verbose_name='commune'),
        ),
        migrations.AddField(
            model_name='guardian',
            name='work_phone',
            field=models.CharField(blank=True, max_length=30, verbose_name='téléphone professionnel'),
        ),
        migrations.CreateModel(
            name='ContactChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('address_lines', 'adresse'), ('postal_code', 'code postal'), ('town', 'commune'), ('country', 'pays'), ('phone', 'téléphone personnel'), ('work_phone', 'téléphone professionnel'), ('mobile', 'téléphone portable'), ('accepts_sms', 'accepte les SMS'), ('occupation', 'profession'), ('shares_coordinates', 'communication aux associations de parents d’élèves'), ('email', 'adresse électronique')], max_length=20, verbose_name='rubrique')),
                ('before', models.TextField(blank=True, verbose_name='avant')),
                ('after', models.TextField(blank=True, verbose_name='après')),
                ('changed_at', models.DateTimeField(verbose_name='modifiée le')),
                ('exported_at', models.DateTimeField(blank=True, null=True, verbose_name='exportée le')),
                ('outcome', models.CharField(choices=[('waiting', 'à reprendre dans SIECLE'), ('taken', 'reprise dans SIECLE'), ('refused', 'non reprise'), ('replaced', 'remplacée par une plus récente')], default='waiting', max_length=10, verbose_name='suite donnée')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='close le')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='motif')),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='modifiée par')),
                ('guardian', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_changes', to='schools.guardian', verbose_name='responsable')),
            ],
            options={
                'verbose_name': 'modification de coordonnées',
                'verbose_name_plural': 'modifications de coordonnées',
                'ordering': ['changed_at', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('outcome', 'waiting')), fields=('guardian', 'field'), name='contact_change_one_waiting'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('outcome', 'waiting')), models.Q(models.Q(('outcome', 'waiting'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='contact_change_closed_once_settled'), models.CheckConstraint(condition=models.Q(('outcome', 'refused'), ('reason', ''), _connector='OR'), name='contact_change_reason_of_refusal')],
            },
        ),
        Audited("ContactChange", school="guardian__school"),
    ]
