"""Users, teams, memberships, workspaces and invitations."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from loopsweb.audit.record import has_trail
from loopsweb.ui.visible_text import validate_email_letters, validate_visible


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person with a team and a workspace of their own. Raises ValidationError."""
        validate_email_letters(email)
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        with transaction.atomic():
            user.save(using=self._db)
            set_up_team(name=user.get_short_name(), founder=user)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(
        unique=True,
        error_messages={"unique": "Someone has this email."},
        validators=[validate_email_letters],
    )
    name = models.CharField(max_length=150, blank=True, validators=[validate_visible])
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open /admin/.")
    date_joined = models.DateTimeField(default=timezone.now)
    preferences = models.JSONField(default=dict, editable=False, help_text="How pages look.")

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
    links_revoked_at = models.DateTimeField(
        null=True, help_text="Links to files that were made up to then open nothing."
    )

    class Meta:
        ordering = ["user__email"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_role_per_member")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()} of {self.team}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> InvitationQuerySet:
        """Pending invitations whose sender is still an active admin of the team."""
        sender_is_admin = Membership.objects.filter(
            team=models.OuterRef("team"),
            user__email=models.OuterRef("invited_by"),
            user__is_active=True,
            role=Role.ADMIN,
        )
        pending = self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
        return pending.filter(models.Exists(sender_is_admin))

    def open_for(self, person: User, *, now: datetime) -> InvitationQuerySet:
        """Open invitations this person can accept after signing in, without the link."""
        own = self.open(now).filter(email=person.email).exclude(team__members=person)
        return own.select_related("team")

    def find_by_token(self, token: str, *, now: datetime) -> Invitation | None:
        """The open invitation with this link token."""
        return self.open(now).select_related("team").filter(digest=digest_token(token)).first()


class Invitation(models.Model):
    """A pending place in a team. Its link works once; only a digest of the link is stored."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.EmailField()
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at"]

    def __str__(self) -> str:
        return f"{self.email} into {self.team}"


class Workspace(models.Model):
    """A team's view of the API. Snapshot rows belong to a workspace."""

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
def set_up_team(*, name: str, founder: User) -> Team:
    """Create a team with its founder as admin and a workspace of the same name."""
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=founder, role=Role.ADMIN)
    create_workspace(name=name, team=team)
    return team


def create_workspace(*, name: str, team: Team) -> Workspace:
    """Slugs of deleted workspaces are not reused while audit events exist under them."""
    slug = slugify(name)[:50] or "workspace"
    if not (Workspace.objects.filter(slug=slug).exists() or has_trail(slug)):
        with suppress(IntegrityError), transaction.atomic():  # somebody may take it just now
            return Workspace.objects.create(team=team, name=name, slug=slug)
    slug = f"{slug}-{secrets.token_hex(3)}"
    return Workspace.objects.create(team=team, name=name, slug=slug)


def digest_token(token: str) -> str:
    """SHA-256 in hexadecimal. Invitation tokens hold 256 random bits, so they need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
