"""People, the teams they belong to, and the workspaces a team looks at."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from loopsweb.audit.record import has_trail


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person with a team and a workspace of their own, both there from the start."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        with transaction.atomic():
            user.save(using=self._db)
            found_team(name=user.get_short_name(), founder=user)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True, error_messages={"unique": "Someone has this email."})
    name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open /admin/.")
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.split("@")[0]


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"


class Team(models.Model):
    name = models.CharField(max_length=150)
    second_factor_required = models.BooleanField(
        default=False, help_text="Members without a second factor do not enter its workspaces."
    )
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["user__email"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_role_per_member")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()} of {self.team}"


class Workspace(models.Model):
    """One team's view of one API. The snapshot rows hang on it."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="workspaces")
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=150)
    version = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Grows whenever something visible changed."
    )

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("dashboard:overview", args=[self.slug])


@transaction.atomic
def found_team(*, name: str, founder: User) -> Team:
    """A team with its founder as admin and a first workspace of the same name."""
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=founder, role=Role.ADMIN)
    open_workspace(name=name, team=team)
    return team


def open_workspace(*, name: str, team: Team) -> Workspace:
    slug = slugify(name)[:50] or "workspace"
    if Workspace.objects.filter(slug=slug).exists() or has_trail(slug):
        slug = f"{slug}-{secrets.token_hex(3)}"
    return Workspace.objects.create(team=team, name=name, slug=slug)


__all__ = [
    "Invitation",
    "Membership",
    "Role",
    "Team",
    "User",
    "UserManager",
    "Workspace",
    "found_team",
    "open_workspace",
]

from loopsweb.accounts.invitations.models import Invitation  # noqa: E402
