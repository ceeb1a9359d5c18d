"""Decisions, their readings, and the steps of a disagreement.

Beyond Django's constraints, in SQL: a decision is never changed; the decisions of a phase are numbered from 1 without a
hole; a step is never changed but to be cancelled, once. Both stand in the trail.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from audit.operations import Audited

IMMUTABLE = """
CREATE TRIGGER decision_immutable BEFORE UPDATE ON orientation_decision
    FOR EACH ROW EXECUTE FUNCTION orientation_refuse_update();
CREATE TRIGGER dialogue_step_only_cancelled BEFORE UPDATE ON orientation_dialoguestep
    FOR EACH ROW WHEN (
        OLD.cancelled_at IS NOT NULL
        OR to_jsonb(NEW) - 'cancelled_at' - 'cancelled_by_id' <> to_jsonb(OLD) - 'cancelled_at' - 'cancelled_by_id'
    ) EXECUTE FUNCTION orientation_refuse_update();
"""

IMMUTABLE_REVERSE = """
DROP TRIGGER dialogue_step_only_cancelled ON orientation_dialoguestep;
DROP TRIGGER decision_immutable ON orientation_decision;
"""

NO_HOLE = """
CREATE FUNCTION orientation_decision_without_hole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number > 1 AND NOT EXISTS (
        SELECT 1 FROM orientation_decision WHERE phase_id = NEW.phase_id AND number = NEW.number - 1
    ) THEN
        RAISE EXCEPTION 'the decisions of phase % are not numbered without a hole', NEW.phase_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_numbers_without_hole';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER decision_numbers_without_hole
    AFTER INSERT ON orientation_decision
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION orientation_decision_without_hole();
"""

NO_HOLE_REVERSE = """
DROP TRIGGER decision_numbers_without_hole ON orientation_decision;
DROP FUNCTION orientation_decision_without_hole();
"""

OF_STUDENT = {"school": "student__school", "student": "student"}


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_trail'),
        ('orientation', '0008_council_names'),
        ('schools', '0006_imports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('number', models.PositiveIntegerField(verbose_name='numéro')),
                ('kind', models.CharField(choices=[('agreement', 'décision d’orientation, en accord avec la famille'), ('reasoned', 'décision motivée du chef d’établissement'), ('commission', 'décision de la commission d’appel')], max_length=20, verbose_name='nature')),
                ('label', models.CharField(max_length=200, verbose_name='libellé')),
                ('is_conform', models.BooleanField(help_text='Une décision non conforme ouvre l’appel et le maintien.', verbose_name='conforme à la demande')),
                ('reasons', models.TextField(blank=True, max_length=3000, verbose_name='motifs')),
                ('decided_on', models.DateField(blank=True, null=True, verbose_name='prise le')),
                ('division_name', models.CharField(blank=True, max_length=100, verbose_name='classe')),
                ('issued_at', models.DateTimeField(verbose_name='notifiée le')),
                ('issuer_name', models.CharField(max_length=200, verbose_name='nom de qui notifie')),
                ('answer', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='orientation.councilanswer', verbose_name='proposition acceptée')),
                ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='notifiée par')),
                ('pathway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orientation.pathway', verbose_name='voie')),
                ('phase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='orientation.phase', verbose_name='phase')),
                ('replaces', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='orientation.decision', verbose_name='remplace')),
                ('student', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='schools.student', verbose_name='élève')),
            ],
            options={
                'verbose_name': 'décision d’orientation',
                'verbose_name_plural': 'décisions d’orientation',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='DecisionReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField(verbose_name='lue le')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='orientation.decision', verbose_name='décision')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lue par')),
            ],
            options={
                'verbose_name': 'lecture d’une décision',
                'verbose_name_plural': 'lectures de décisions',
            },
        ),
        migrations.CreateModel(
            name='DialogueStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('interview', 'entretien'), ('receipt', 'réception de la notification'), ('appeal', 'appel'), ('maintien', 'demande de maintien')], max_length=20, verbose_name='étape')),
                ('happened_on', models.DateField(verbose_name='date')),
                ('outcome', models.CharField(blank=True, choices=[('agreement', 'un accord a été trouvé'), ('disagreement', 'le désaccord demeure'), ('absent', 'la famille, invitée, n’est pas venue')], max_length=20, verbose_name='issue')),
                ('wants_to_be_heard', models.BooleanField(default=False, verbose_name='demande à être entendue')),
                ('text', models.TextField(blank=True, max_length=3000, verbose_name='compte rendu')),
                ('recorded_at', models.DateTimeField(verbose_name='notée le')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='annulée le')),
                ('cancelled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='annulée par')),
                ('decision', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='orientation.decision', verbose_name='décision')),
                ('phase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dialogue_steps', to='orientation.phase', verbose_name='phase')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='notée par')),
                ('student', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dialogue_steps', to='schools.student', verbose_name='élève')),
            ],
            options={
                'verbose_name': 'étape du dialogue',
                'verbose_name_plural': 'étapes du dialogue',
                'ordering': ['happened_on', 'recorded_at', 'pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(fields=('phase', 'number'), name='decision_unique_number'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='decision_number_from_1'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reasoned'), _negated=True), models.Q(('reasons', ''), _negated=True), _connector='OR'), name='decision_of_the_head_has_reasons'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer__isnull', False), ('is_conform', True), ('kind', 'agreement')), models.Q(models.Q(('kind', 'agreement'), _negated=True), ('answer', None)), _connector='OR'), name='decision_of_agreement_has_an_answer'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_on__isnull', False), ('kind', 'commission'), ('replaces__isnull', False)), models.Q(models.Q(('kind', 'commission'), _negated=True), ('decided_on', None)), _connector='OR'), name='decision_of_the_commission_has_a_day'),
        ),
        migrations.AddConstraint(
            model_name='decisionreading',
            constraint=models.UniqueConstraint(fields=('decision', 'user'), name='decision_reading_unique'),
        ),
        migrations.AddConstraint(
            model_name='dialoguestep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', True), ('cancelled_by__isnull', True)), models.Q(('cancelled_at__isnull', False), ('cancelled_by__isnull', False)), _connector='OR'), name='dialogue_step_cancelled_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='dialoguestep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', None), ('kind', 'interview'), models.Q(('outcome', ''), _negated=True)), models.Q(models.Q(('kind', 'interview'), _negated=True), ('decision__isnull', False), ('outcome', '')), _connector='OR'), name='dialogue_step_of_a_decision'),
        ),
        migrations.AddConstraint(
            model_name='dialoguestep',
            constraint=models.UniqueConstraint(condition=models.Q(('cancelled_at', None)), fields=('decision', 'kind'), name='dialogue_step_once_per_decision'),
        ),
        migrations.RunSQL(IMMUTABLE, IMMUTABLE_REVERSE),
        migrations.RunSQL(NO_HOLE, NO_HOLE_REVERSE),
        Audited("Decision", **OF_STUDENT),
        Audited("DialogueStep", **OF_STUDENT),
    ]
