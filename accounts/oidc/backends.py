from django.contrib.auth.backends import ModelBackend


class EduConnectBackend(ModelBackend):
    pass


class FranceConnectBackend(ModelBackend):
    pass
