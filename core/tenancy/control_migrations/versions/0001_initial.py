"""All tables of control, generated from its models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "control_0001_591f866a"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('account',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('is_provisional', sa.Boolean(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('verify_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    schema='control'
    )
    op.create_index('ix_account_claim', 'account', ['email'], unique=False, schema='control', postgresql_where=sa.text('verify_by IS NOT NULL'))
    op.create_index('uq_account_email', 'account', ['email'], unique=True, schema='control', postgresql_where=sa.text('verify_by IS NULL'))
    op.create_table('api_key',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('mode', sa.Text(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('scopes', postgresql.JSONB(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("mode in ('live', 'test')", name=op.f('ck_api_key_mode')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_key')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_api_key_key_hash')),
    schema='control'
    )
    op.create_index('ix_api_key_tenant', 'api_key', ['tenant_id'], unique=False, schema='control')
    op.create_table('api_key_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('key_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('method', sa.Text(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('ms', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_key_request')),
    schema='control'
    )
    op.create_index('ix_api_key_request_at', 'api_key_request', ['at'], unique=False, schema='control')
    op.create_index('ix_api_key_request_key', 'api_key_request', ['key_id', 'id'], unique=False, schema='control')
    op.create_table('bank_transfer',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('plan', sa.Text(), nullable=False),
    sa.Column('months', sa.BigInteger(), nullable=False),
    sa.Column('paid_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_transfer')),
    sa.UniqueConstraint('tenant_id', 'reference', name=op.f('uq_bank_transfer_tenant_id_reference')),
    schema='control'
    )
    op.create_table('billing_account',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('plan', sa.Text(), nullable=False),
    sa.Column('interval', sa.Text(), server_default='month', nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), server_default='free', nullable=False),
    sa.Column('source', sa.Text(), server_default='none', nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=True),
    sa.Column('subscription_id', sa.Text(), nullable=True),
    sa.Column('seats', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('period_end', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancel_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('trial_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('trial_used', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('grace_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_minor', sa.BigInteger(), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("source in ('none', 'stripe', 'offline', 'gift')", name=op.f('ck_billing_account_source')),
    sa.CheckConstraint("state in ('free', 'trialing', 'active', 'past_due', 'unpaid')", name=op.f('ck_billing_account_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_billing_account')),
    sa.UniqueConstraint('customer_id', name=op.f('uq_billing_account_customer_id')),
    sa.UniqueConstraint('tenant_id', name=op.f('uq_billing_account_tenant_id')),
    schema='control'
    )
    op.create_index('ix_billing_account_due', 'billing_account', ['grace_until'], unique=False, schema='control', postgresql_where=sa.text('grace_until IS NOT NULL'))
    op.create_table('billing_invoice',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('due_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('url', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_billing_invoice')),
    schema='control'
    )
    op.create_index('ix_billing_invoice_tenant', 'billing_invoice', ['tenant_id', 'issued_at'], unique=False, schema='control')
    op.create_table('billing_item',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('plugin', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('trial_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state in ('trial', 'billed', 'ended', 'unpaid')", name=op.f('ck_billing_item_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_billing_item')),
    sa.UniqueConstraint('tenant_id', 'plugin', name=op.f('uq_billing_item_tenant_id_plugin')),
    schema='control'
    )
    op.create_table('event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=True),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('key_id', sa.Uuid(), nullable=True),
    sa.Column('address', sa.Text(), server_default='', nullable=False),
    sa.Column('request_id', sa.Text(), server_default='', nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changes', postgresql.JSONB(), nullable=False),
    sa.Column('data', postgresql.JSONB(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event')),
    schema='control'
    )
    op.create_index('ix_event_account', 'event', ['account_id', 'id'], unique=False, schema='control')
    op.create_index('ix_event_tenant', 'event', ['tenant_id', 'id'], unique=False, schema='control')
    op.create_table('fapiao_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('paid_for', sa.Text(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('tax_number', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('number', sa.Text(), nullable=True),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fapiao_request')),
    sa.UniqueConstraint('tenant_id', 'paid_for', name=op.f('uq_fapiao_request_tenant_id_paid_for')),
    schema='control'
    )
    op.create_table('idempotency',
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('principal', sa.Text(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('payload_digest', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('headers', postgresql.JSONB(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_idempotency')),
    schema='control'
    )
    op.create_index('ix_control_idempotency_created_at', 'idempotency', ['created_at'], unique=False, schema='control')
    op.create_table('invitation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('parent_id', sa.Uuid(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=True),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('token_sealed', sa.Text(), nullable=False),
    sa.Column('max_uses', sa.BigInteger(), nullable=False),
    sa.Column('uses', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('invited_by_id', sa.Uuid(), nullable=True),
    sa.Column('invited_by', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('uses <= max_uses', name=op.f('ck_invitation_uses')),
    sa.ForeignKeyConstraint(['parent_id'], ['control.invitation.id'], name=op.f('fk_invitation_parent_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitation_token_hash')),
    schema='control'
    )
    op.create_index('ix_invitation_tenant', 'invitation', ['tenant_id', 'id'], unique=False, schema='control')
    op.create_index('uq_invitation_below', 'invitation', ['parent_id', 'email'], unique=True, schema='control', postgresql_where=sa.text('parent_id IS NOT NULL'))
    op.create_index('uq_invitation_open', 'invitation', ['tenant_id', 'email'], unique=True, schema='control', postgresql_where=sa.text('parent_id IS NULL AND email IS NOT NULL AND revoked_at IS NULL AND uses = 0'))
    op.create_table('outbox',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=True),
    sa.Column('job', sa.Text(), nullable=False),
    sa.Column('params', postgresql.JSONB(), nullable=False),
    sa.Column('title', sa.Text(), nullable=True),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('request_id', sa.Text(), server_default='', nullable=False),
    sa.Column('run_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('dead_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    schema='control'
    )
    op.create_index('ix_outbox_run_at', 'outbox', ['run_at'], unique=False, schema='control', postgresql_where=sa.text('dead_at IS NULL'))
    op.create_table('sign_in_policy',
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('demanded_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('tenant_id', name=op.f('pk_sign_in_policy')),
    schema='control'
    )
    op.create_table('signup',
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('trade', sa.Text(), nullable=True),
    sa.Column('size', sa.Text(), nullable=True),
    sa.Column('first', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_signup')),
    schema='control'
    )
    op.create_index('uq_signup_tenant', 'signup', ['tenant_id'], unique=True, schema='control')
    op.create_table('stripe_event',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stripe_event')),
    schema='control'
    )
    op.create_table('tenant',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), server_default='', nullable=False),
    sa.Column('schema', sa.Text(), nullable=False),
    sa.Column('cell', sa.Text(), nullable=False),
    sa.Column('slice', sa.SmallInteger(), nullable=False),
    sa.Column('state', sa.Text(), server_default='free', nullable=False),
    sa.Column('revision', sa.Integer(), server_default=sa.text('1'), nullable=False),
    sa.Column('locale', sa.Text(), server_default='en', nullable=False),
    sa.Column('timezone', sa.Text(), server_default='UTC', nullable=False),
    sa.Column('currency', sa.Text(), server_default='USD', nullable=False),
    sa.Column('country', sa.Text(), server_default='US', nullable=False),
    sa.Column('sandbox_of', sa.Uuid(), nullable=True),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('readonly', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('limits', postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('notices', postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delete_after', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['sandbox_of'], ['control.tenant.id'], name=op.f('fk_tenant_sandbox_of')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tenant')),
    sa.UniqueConstraint('schema', name=op.f('uq_tenant_schema')),
    sa.UniqueConstraint('slug', name=op.f('uq_tenant_slug')),
    schema='control'
    )
    op.create_index('ix_tenant_delete_after', 'tenant', ['delete_after'], unique=False, schema='control', postgresql_where=sa.text("state = 'deleting'"))
    op.create_index('ix_tenant_free', 'tenant', ['id'], unique=False, schema='control', postgresql_where=sa.text("state = 'free'"))
    op.create_index('ix_tenant_sandbox_of', 'tenant', ['sandbox_of'], unique=False, schema='control', postgresql_where=sa.text('sandbox_of IS NOT NULL'))
    op.create_table('former_slug',
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['control.tenant.id'], name=op.f('fk_former_slug_tenant_id')),
    sa.PrimaryKeyConstraint('slug', name=op.f('pk_former_slug')),
    schema='control'
    )
    op.create_index('ix_former_slug_tenant', 'former_slug', ['tenant_id'], unique=False, schema='control')
    op.create_table('invitation_use',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('invitation_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['control.account.id'], name=op.f('fk_invitation_use_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['invitation_id'], ['control.invitation.id'], name=op.f('fk_invitation_use_invitation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation_use')),
    sa.UniqueConstraint('invitation_id', 'account_id', name=op.f('uq_invitation_use_invitation_id_account_id')),
    schema='control'
    )
    op.create_index('ix_invitation_use_account', 'invitation_use', ['account_id'], unique=False, schema='control')
    op.create_table('membership',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['control.account.id'], name=op.f('fk_membership_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_membership')),
    sa.UniqueConstraint('account_id', 'tenant_id', name=op.f('uq_membership_account_id_tenant_id')),
    schema='control'
    )
    op.create_index('ix_membership_tenant', 'membership', ['tenant_id'], unique=False, schema='control')
    op.create_table('proof',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind in ('verify', 'reset', 'email', 'stop')", name=op.f('ck_proof_kind')),
    sa.ForeignKeyConstraint(['account_id'], ['control.account.id'], name=op.f('fk_proof_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proof')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_proof_token_hash')),
    schema='control'
    )
    op.create_index('ix_proof_account', 'proof', ['account_id'], unique=False, schema='control')
    op.create_table('recovery_code',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['control.account.id'], name=op.f('fk_recovery_code_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code')),
    sa.UniqueConstraint('account_id', 'digest', name=op.f('uq_recovery_code_account_id_digest')),
    schema='control'
    )
    op.create_table('second_factor',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('secret_sealed', sa.Text(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['control.account.id'], name=op.f('fk_second_factor_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_second_factor')),
    sa.UniqueConstraint('account_id', name=op.f('uq_second_factor_account_id')),
    schema='control'
    )
    op.create_table('session',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('former_hash', sa.LargeBinary(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_stale', sa.Boolean(), nullable=False),
    sa.Column('second_factor_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_agent', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['control.account.id'], name=op.f('fk_session_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session')),
    sa.UniqueConstraint('former_hash', name=op.f('uq_session_former_hash')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_session_token_hash')),
    schema='control'
    )
    op.create_index('ix_session_account', 'session', ['account_id'], unique=False, schema='control')
    op.create_table('tenant_plugin',
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('plugin', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), server_default='installed', nullable=False),
    sa.Column('version', sa.Text(), server_default='', nullable=False),
    sa.Column('settings', postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('secrets', postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('operation_id', sa.Uuid(), nullable=True),
    sa.Column('problem', sa.Text(), server_default='', nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('archive', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['control.tenant.id'], name=op.f('fk_tenant_plugin_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'plugin', name=op.f('pk_tenant_plugin')),
    schema='control'
    )
