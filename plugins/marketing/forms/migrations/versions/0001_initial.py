"""All tables of marketing_forms, generated from its models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "marketing_forms_0001_525234b5"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('marketing_forms_form',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=True),
    sa.Column('intro', sa.Text(), nullable=True),
    sa.Column('button', sa.Text(), nullable=True),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('accent', sa.Text(), nullable=False),
    sa.Column('fields', postgresql.JSONB(), nullable=False),
    sa.Column('consent_text', sa.Text(), nullable=True),
    sa.Column('consent_required', sa.Boolean(), nullable=False),
    sa.Column('thanks', sa.Text(), nullable=True),
    sa.Column('redirect_url', sa.Text(), nullable=True),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('assignment', postgresql.JSONB(), nullable=False),
    sa.Column('notify', sa.Boolean(), nullable=False),
    sa.Column('notify_email', sa.Text(), nullable=True),
    sa.Column('per_hour', sa.BigInteger(), nullable=False),
    sa.Column('min_seconds', sa.BigInteger(), nullable=False),
    sa.Column('effort', sa.Text(), nullable=False),
    sa.Column('embed_hosts', postgresql.JSONB(), nullable=False),
    sa.Column('published', postgresql.JSONB(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('turn', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("accent in ('blue', 'teal', 'green', 'amber', 'red', 'pink', 'purple', 'grey')", name=op.f('ck_marketing_forms_form_accent')),
    sa.CheckConstraint("effort in ('low', 'normal', 'high')", name=op.f('ck_marketing_forms_form_effort')),
    sa.CheckConstraint("language in ('en', 'zh_CN')", name=op.f('ck_marketing_forms_form_language')),
    sa.CheckConstraint("state in ('draft', 'published', 'closed')", name=op.f('ck_marketing_forms_form_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_marketing_forms_form'))
    )
    op.create_index('ix_marketing_forms_form_created', 'marketing_forms_form', ['created_at', 'id'], unique=False)
    op.create_index('uq_marketing_forms_form_external_id', 'marketing_forms_form', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_index('uq_marketing_forms_form_slug', 'marketing_forms_form', ['slug'], unique=True, postgresql_where='deleted_at IS NULL')
    op.create_table('marketing_forms_consent',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('form_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['form_id'], ['marketing_forms_form.id'], name=op.f('fk_marketing_forms_consent_form_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_marketing_forms_consent')),
    sa.UniqueConstraint('form_id', 'number', name=op.f('uq_marketing_forms_consent_form_id_number'))
    )
    op.create_table('marketing_forms_day',
    sa.Column('form_id', sa.Uuid(), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('part', sa.BigInteger(), nullable=False),
    sa.Column('views', sa.BigInteger(), nullable=False),
    sa.Column('sent', sa.BigInteger(), nullable=False),
    sa.Column('held', sa.BigInteger(), nullable=False),
    sa.Column('accepted', sa.BigInteger(), nullable=False),
    sa.Column('duplicate', sa.BigInteger(), nullable=False),
    sa.Column('spam', sa.BigInteger(), nullable=False),
    sa.Column('error', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['form_id'], ['marketing_forms_form.id'], name=op.f('fk_marketing_forms_day_form_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('form_id', 'on', 'part', name=op.f('pk_marketing_forms_day'))
    )
    op.create_table('marketing_forms_submission',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('form_id', sa.Uuid(), nullable=False),
    sa.Column('nonce', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('values', postgresql.JSONB(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('consent_given', sa.Boolean(), nullable=False),
    sa.Column('consent_version', sa.BigInteger(), nullable=True),
    sa.Column('consent_text', sa.Text(), nullable=True),
    sa.Column('page', sa.Text(), nullable=True),
    sa.Column('referrer', sa.Text(), nullable=True),
    sa.Column('utm_source', sa.Text(), nullable=True),
    sa.Column('utm_medium', sa.Text(), nullable=True),
    sa.Column('utm_campaign', sa.Text(), nullable=True),
    sa.Column('utm_term', sa.Text(), nullable=True),
    sa.Column('utm_content', sa.Text(), nullable=True),
    sa.Column('seconds', sa.BigInteger(), nullable=True),
    sa.Column('is_trapped', sa.Boolean(), nullable=False),
    sa.Column('is_proven', sa.Boolean(), nullable=False),
    sa.Column('is_restricted', sa.Boolean(), nullable=False),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('address_mark', sa.Text(), nullable=True),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('lead_id', sa.Uuid(), nullable=True),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("state in ('received', 'held', 'accepted', 'duplicate', 'spam', 'error')", name=op.f('ck_marketing_forms_submission_state')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_marketing_forms_submission_contact_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_marketing_forms_submission_customer_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['form_id'], ['marketing_forms_form.id'], name=op.f('fk_marketing_forms_submission_form_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_marketing_forms_submission_lead_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_marketing_forms_submission_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_marketing_forms_submission')),
    sa.UniqueConstraint('form_id', 'nonce', name=op.f('uq_marketing_forms_submission_form_id_nonce'))
    )
    op.create_index('ix_marketing_forms_submission_contact', 'marketing_forms_submission', ['contact_id'], unique=False)
    op.create_index('ix_marketing_forms_submission_created', 'marketing_forms_submission', ['created_at', 'id'], unique=False)
    op.create_index('ix_marketing_forms_submission_customer', 'marketing_forms_submission', ['customer_id'], unique=False)
    op.create_index('ix_marketing_forms_submission_digest', 'marketing_forms_submission', ['form_id', 'digest', 'created_at'], unique=False)
    op.create_index('ix_marketing_forms_submission_email', 'marketing_forms_submission', ['email'], unique=False)
    op.create_index('ix_marketing_forms_submission_form', 'marketing_forms_submission', ['form_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_marketing_forms_submission_lead', 'marketing_forms_submission', ['lead_id'], unique=False)
    op.create_index('ix_marketing_forms_submission_owner', 'marketing_forms_submission', ['owner_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_marketing_forms_submission_phone', 'marketing_forms_submission', ['phone'], unique=False)
    op.create_index('ix_marketing_forms_submission_state', 'marketing_forms_submission', ['state', 'created_at'], unique=False)
    op.create_index('uq_marketing_forms_submission_external_id', 'marketing_forms_submission', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('marketing_forms_file',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('submission_id', sa.Uuid(), nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['submission_id'], ['marketing_forms_submission.id'], name=op.f('fk_marketing_forms_file_submission_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_marketing_forms_file'))
    )
    op.create_index('ix_marketing_forms_file_submission', 'marketing_forms_file', ['submission_id'], unique=False)
