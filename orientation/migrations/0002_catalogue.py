"""The catalogue: the eleven pathways of decision 1 and the specialities of the arrêté du 16 juillet 2018 and after."""

from django.db import migrations

PATHWAYS = [
    # code, group, label
    ("generale", "generale", "1re générale"),
    ("stav", "technologique", "1re STAV"),
    ("std2a", "technologique", "1re STD2A"),
    ("sthr", "technologique", "1re STHR"),
    ("sti2d", "technologique", "1re STI2D"),
    ("stl", "technologique", "1re STL"),
    ("stmg", "technologique", "1re STMG"),
    ("st2s", "technologique", "1re ST2S"),
    ("s2tmd", "technologique", "1re S2TMD"),
    ("bt-metiers-musique", "metiers-musique", "1re préparant au brevet de technicien « métiers de la musique »"),
    ("autre-parcours", "autre-parcours", "Autre parcours : un accès à la voie professionnelle"),
]

ARTS = "Arts"
LLCER = "Langues, littératures et cultures étrangères et régionales"
LLCA = "Littérature et langues et cultures de l’Antiquité"
OTHERS = "Sciences, humanités et sport"

SPECIALITIES = [
    # code, pathway, family, label, exclusive group
    ("arts-cirque", "generale", ARTS, "arts du cirque", "arts"),
    ("arts-plastiques", "generale", ARTS, "arts plastiques", "arts"),
    ("cinema-audiovisuel", "generale", ARTS, "cinéma-audiovisuel", "arts"),
    ("danse", "generale", ARTS, "danse", "arts"),
    ("histoire-arts", "generale", ARTS, "histoire des arts", "arts"),
    ("musique", "generale", ARTS, "musique", "arts"),
    ("theatre", "generale", ARTS, "théâtre", "arts"),
    ("biologie-ecologie", "generale", OTHERS, "biologie-écologie", ""),
    ("eppcs", "generale", OTHERS, "éducation physique, pratiques et culture sportives", ""),
    ("hggsp", "generale", OTHERS, "histoire-géographie, géopolitique et sciences politiques", ""),
    ("hlp", "generale", OTHERS, "humanités, littérature et philosophie", ""),
    ("mathematiques", "generale", OTHERS, "mathématiques", ""),
    ("nsi", "generale", OTHERS, "numérique et sciences informatiques", ""),
    ("physique-chimie", "generale", OTHERS, "physique-chimie", ""),
    ("svt", "generale", OTHERS, "sciences de la vie et de la Terre", ""),
    ("sciences-ingenieur", "generale", OTHERS, "sciences de l’ingénieur", ""),
    ("ses", "generale", OTHERS, "sciences économiques et sociales", ""),
    ("llcer-allemand", "generale", LLCER, "allemand (LLCER)", ""),
    ("llcer-anglais", "generale", LLCER, "anglais (LLCER)", ""),
    ("amc", "generale", LLCER, "anglais monde contemporain (LLCER)", ""),
    ("llcer-espagnol", "generale", LLCER, "espagnol (LLCER)", ""),
    ("llcer-italien", "generale", LLCER, "italien (LLCER)", ""),
    ("llcer-portugais", "generale", LLCER, "portugais (LLCER)", ""),
    ("llcer-basque", "generale", LLCER, "basque (LLCER)", ""),
    ("llcer-breton", "generale", LLCER, "breton (LLCER)", ""),
    ("llcer-catalan", "generale", LLCER, "catalan (LLCER)", ""),
    ("llcer-corse", "generale", LLCER, "corse (LLCER)", ""),
    ("llcer-occitan", "generale", LLCER, "occitan-langue d’oc (LLCER)", ""),
    ("llcer-tahitien", "generale", LLCER, "tahitien (LLCER)", ""),
    ("llca-latin", "generale", LLCA, "latin", ""),
    ("llca-grec", "generale", LLCA, "grec", ""),
    ("stl-biotechnologies", "stl", "", "biotechnologies", ""),
    ("stl-spcl", "stl", "", "sciences physiques et chimiques en laboratoire", ""),
    ("s2tmd-danse", "s2tmd", "", "danse", ""),
    ("s2tmd-musique", "s2tmd", "", "musique", ""),
    ("s2tmd-theatre", "s2tmd", "", "théâtre", ""),
    ("s2tmd-indecis", "s2tmd", "", "je ne sais pas encore", ""),
]


def load(apps, schema_editor):
    Pathway = apps.get_model("orientation", "Pathway")
    Speciality = apps.get_model("orientation", "Speciality")
    pathways = {}
    for position, (code, group, label) in enumerate(PATHWAYS, start=1):
        pathways[code] = Pathway.objects.create(code=code, group=group, label=label, position=position)
    Speciality.objects.bulk_create(
        Speciality(
            code=code, pathway=pathways[pathway], family=family, label=label, exclusive_group=group, position=position
        )
        for position, (code, pathway, family, label, group) in enumerate(SPECIALITIES, start=1)
    )


def unload(apps, schema_editor):
    apps.get_model("orientation", "Speciality").objects.all().delete()
    apps.get_model("orientation", "Pathway").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("orientation", "0001_initial")]

    operations = [migrations.RunPython(load, unload)]
