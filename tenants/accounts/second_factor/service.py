"""The verbs of two-step sign-in: begin, confirm, check a code, renew the recovery codes, switch off, demand it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.i18n import N_
from core.tenancy.control import Control
from tenants.accounts import passwords
from tenants.accounts.log import tell
from tenants.accounts.models import Account, Membership, Session
from tenants.accounts.proofs import digest
from tenants.accounts.second_factor import codes
from tenants.accounts.second_factor.codes import Vault
from tenants.accounts.second_factor.events import (
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SecondFactorDisabled,
    SecondFactorEnabled,
    SignInPolicyChanged,
)
from tenants.accounts.second_factor.models import RecoveryCode, SecondFactor, SignInPolicy


async def factor_of(control: Control, account_id: UUID) -> SecondFactor | None:
    """The authenticator of an account, confirmed or not."""
    found: SecondFactor | None = await control.session.scalar(
        select(SecondFactor).where(SecondFactor.account_id == account_id)
    )
    return found


async def is_on(control: Control, account_id: UUID) -> bool:
    """Whether signing in asks for a code."""
    factor = await factor_of(control, account_id)
    return factor is not None and factor.confirmed_at is not None


async def begin(control: Control, vault: Vault, account: Account, password: str) -> str:
    """Make a secret that the first right code will confirm; gives it. Asks for the password once more."""
    await _check_password(account, password)
    factor = await factor_of(control, account.id)
    if factor is not None and factor.confirmed_at is not None:
        raise Conflict(code="second_factor.on", detail=N_("Two-step sign-in is on already."))
    secret = codes.new_secret()
    if factor is None:
        factor = SecondFactor(account_id=account.id, secret_sealed="")
        control.session.add(factor)
    factor.secret_sealed, factor.last_step = vault.seal(account.id, secret), 0
    await control.session.flush()
    return secret


async def secret_of(control: Control, vault: Vault, account: Account) -> str:
    """The secret that waits for its first code; raises NotFound where none does."""
    factor = await factor_of(control, account.id)
    if factor is None or factor.confirmed_at is not None:
        raise NotFound
    return vault.open(account.id, factor.secret_sealed)


async def confirm(
    control: Control, vault: Vault, account: Account, code: str, *, session_id: UUID
) -> list[str]:
    """Switch two-step sign-in on with the first right code; gives the recovery codes, this once.

    Other sessions of the account wait for a code from now on. Emits second_factor.enabled.
    """
    await secret_of(control, vault, account)
    await _spend(control, vault, account, code)
    confirmed = update(SecondFactor).where(SecondFactor.account_id == account.id)
    await control.session.execute(confirmed.values(confirmed_at=control.now()))
    await pass_session(control, session_id)
    await tell(control, SecondFactorEnabled(subject_id=account.id))
    return await _new_codes(control, vault, account)


async def check(control: Control, vault: Vault, account: Account, code: str) -> None:
    """Use up a code of the authenticator or a recovery code; raises Invalid for any other, and for one used before."""
    given = vault.digest(account.id, code)
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.digest == given,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=control.now())
        .returning(RecoveryCode.id)
    )
    if (await control.session.execute(used)).first() is not None:
        left = await codes_left(control, account.id)
        await tell(control, RecoveryCodeUsed(subject_id=account.id, left=left))
        return
    await _spend(control, vault, account, code)


async def pass_session(control: Control, session_id: UUID) -> None:
    """Let a session in whose second step is done."""
    passed = update(Session).where(Session.id == session_id)
    await control.session.execute(passed.values(second_factor_at=control.now()))


async def pass_token(control: Control, token: str) -> None:
    """Let a new session in that takes the place of one in which the second step was done."""
    passed = update(Session).where(Session.token_hash == digest(token))
    await control.session.execute(passed.values(second_factor_at=control.now()))


async def renew_codes(control: Control, vault: Vault, account: Account, code: str) -> list[str]:
    """Make ten other recovery codes; the former ones end. Emits second_factor.renewed."""
    await _demand_on(control, account)
    await check(control, vault, account, code)
    await tell(control, RecoveryCodesRenewed(subject_id=account.id))
    return await _new_codes(control, vault, account)


async def switch_off(control: Control, vault: Vault, account: Account, password: str, code: str) -> None:
    """Ask for the password alone again; refused while a workspace of the account demands more.

    Emits second_factor.disabled.
    """
    await _demand_on(control, account)
    demanding = (
        select(SignInPolicy.tenant_id)
        .join(Membership, Membership.tenant_id == SignInPolicy.tenant_id)
        .where(Membership.account_id == account.id)
        .limit(1)
    )
    if await control.session.scalar(demanding) is not None:
        raise Conflict(
            code="second_factor.demanded", detail=N_("A workspace of yours demands two-step sign-in.")
        )
    await _check_password(account, password)
    await check(control, vault, account, code)
    await forget(control, account)


async def forget(control: Control, account: Account) -> None:
    """Remove an account's authenticator and codes; emits second_factor.disabled."""
    await control.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    await control.session.execute(delete(SecondFactor).where(SecondFactor.account_id == account.id))
    await tell(control, SecondFactorDisabled(subject_id=account.id))


async def codes_left(control: Control, account_id: UUID) -> int:
    """How many recovery codes remain."""
    counted = select(func.count()).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return await control.session.scalar(counted) or 0


async def is_demanded(control: Control, tenant_id: UUID) -> bool:
    """Whether a workspace opens only to accounts with two-step sign-in."""
    return await control.session.get(SignInPolicy, tenant_id) is not None


async def demand(control: Control, tenant_id: UUID, *, wanted: bool, by: UUID) -> None:
    """Demand two-step sign-in of everybody in a workspace, or no longer; emits sign_in_policy.changed.

    Whoever demands it has it: nobody shuts himself out.
    """
    if wanted and not await is_on(control, by):
        raise Conflict(
            code="second_factor.first", detail=N_("Switch two-step sign-in on for yourself first.")
        )
    if wanted:
        row = insert(SignInPolicy).values(tenant_id=tenant_id, demanded_at=control.now())
        await control.session.execute(row.on_conflict_do_nothing())
    else:
        await control.session.execute(delete(SignInPolicy).where(SignInPolicy.tenant_id == tenant_id))
    control.emit(SignInPolicyChanged(subject_id=tenant_id, demanded=wanted), tenant_id=tenant_id)


async def without(control: Control, tenant_id: UUID) -> set[UUID]:
    """The members of a workspace whose accounts have no second step."""
    statement = (
        select(Membership.member_id)
        .outerjoin(
            SecondFactor,
            (SecondFactor.account_id == Membership.account_id) & SecondFactor.confirmed_at.is_not(None),
        )
        .where(Membership.tenant_id == tenant_id, SecondFactor.id.is_(None))
    )
    return set(await control.session.scalars(statement))


async def _spend(control: Control, vault: Vault, account: Account, code: str) -> None:
    factor = await factor_of(control, account.id)
    secret = vault.open(account.id, factor.secret_sealed) if factor else codes.new_secret()
    step = codes.step_of(secret, code, control.now())
    spent = (
        update(SecondFactor)
        .where(SecondFactor.account_id == account.id, SecondFactor.last_step < (step or 0))
        .values(last_step=step)
        .returning(SecondFactor.id)
    )
    if step is None or (await control.session.execute(spent)).first() is None:
        raise Invalid.field("code", "code", N_("This code is not right, or was used already."))


async def _new_codes(control: Control, vault: Vault, account: Account) -> list[str]:
    await control.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    made = codes.new_recovery_codes()
    control.session.add_all(
        RecoveryCode(account_id=account.id, digest=vault.digest(account.id, one)) for one in made
    )
    await control.session.flush()
    return made


async def _check_password(account: Account, password: str) -> None:
    if not await passwords.matches(password, account.password_hash):
        raise Invalid.field("password", "password", N_("This is not your present password."))


async def _demand_on(control: Control, account: Account) -> None:
    if not await is_on(control, account.id):
        raise NotFound
