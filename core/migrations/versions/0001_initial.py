"""All tables of core, generated from its models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0001_d2ef511b"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('attachment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('uploaded_by_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment'))
    )
    op.create_index('ix_attachment_record', 'attachment', ['record_type', 'record_id', 'created_at'], unique=False)
    op.create_table('circuit',
    sa.Column('plugin', sa.Text(), nullable=False),
    sa.Column('failures', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('open_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('plugin', name=op.f('pk_circuit'))
    )
    op.create_table('close_reason',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("outcome in ('won', 'lost')", name=op.f('ck_close_reason_outcome')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_close_reason'))
    )
    op.create_index('uq_close_reason_external_id', 'close_reason', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('currency_rate',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('valid_on', sa.Date(), nullable=False),
    sa.Column('rate', sa.Numeric(precision=20, scale=10), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint('rate > 0', name=op.f('ck_currency_rate_rate')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_currency_rate'))
    )
    op.create_index('uq_currency_rate_day', 'currency_rate', ['currency', 'valid_on'], unique=True, postgresql_where='deleted_at is null')
    op.create_index('uq_currency_rate_external_id', 'currency_rate', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('customer_class',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('parent_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['customer_class.id'], name=op.f('fk_customer_class_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_class'))
    )
    op.create_index('uq_customer_class_external_id', 'customer_class', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_index('uq_customer_class_sibling', 'customer_class', ['parent_id', 'name'], unique=True, postgresql_where='deleted_at IS NULL', postgresql_nulls_not_distinct=True)
    op.create_table('data_suppression',
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_data_suppression'))
    )
    op.create_table('event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('key_id', sa.Uuid(), nullable=True),
    sa.Column('request_id', sa.Text(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event'))
    )
    op.create_table('event_body',
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('salt', sa.LargeBinary(), nullable=True),
    sa.Column('label', sa.Text(), nullable=True),
    sa.Column('actor_name', sa.Text(), nullable=True),
    sa.Column('changes', postgresql.JSONB(), nullable=True),
    sa.Column('data', postgresql.JSONB(), nullable=True),
    sa.Column('links', postgresql.JSONB(), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_event_body'))
    )
    op.create_table('event_link',
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('event_name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('record_type', 'record_id', 'occurred_at', 'event_id', name=op.f('pk_event_link'))
    )
    op.create_table('event_listener',
    sa.Column('subscriber', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('subscriber', name=op.f('pk_event_listener'))
    )
    op.create_table('event_position',
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_event_position')),
    sa.UniqueConstraint('event_id', name=op.f('uq_event_position_event_id'))
    )
    op.create_table('handled',
    sa.Column('source_id', sa.Uuid(), nullable=False),
    sa.Column('subscriber', sa.Text(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('state', postgresql.JSONB(), nullable=True),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('source_id', 'subscriber', 'step', name=op.f('pk_handled'))
    )
    op.create_index('ix_handled_handled_at', 'handled', ['handled_at'], unique=False)
    op.create_table('idempotency',
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('principal', sa.Text(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('payload_digest', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('headers', postgresql.JSONB(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_idempotency'))
    )
    op.create_index('ix_idempotency_created_at', 'idempotency', ['created_at'], unique=False)
    op.create_table('import_mapping',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('titles_digest', sa.Text(), nullable=False),
    sa.Column('mapping', postgresql.JSONB(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('match', postgresql.JSONB(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_mapping'))
    )
    op.create_index('uq_import_mapping', 'import_mapping', ['record_type', 'titles_digest'], unique=True)
    op.create_table('import_row',
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('row_no', sa.BigInteger(), nullable=False),
    sa.Column('before', postgresql.JSONB(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.CheckConstraint("outcome in ('reverted', 'changed', 'gone', 'forbidden')", name=op.f('ck_import_row_outcome')),
    sa.PrimaryKeyConstraint('run_id', 'record_id', name=op.f('pk_import_row'))
    )
    op.create_index('ix_import_row_place', 'import_row', ['run_id', 'row_no'], unique=False)
    op.create_table('job_run',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), server_default='waiting', nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=True),
    sa.Column('params', postgresql.JSONB(), nullable=False),
    sa.Column('actor', postgresql.JSONB(), nullable=False),
    sa.Column('key', sa.Text(), nullable=True),
    sa.Column('total', sa.BigInteger(), nullable=True),
    sa.Column('done', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('failed', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancel_requested_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_run'))
    )
    op.create_index('ix_job_run_created_at', 'job_run', ['created_at'], unique=False)
    op.create_index('uq_job_run_key', 'job_run', ['name', 'key'], unique=True, postgresql_where=sa.text('key IS NOT NULL'))
    op.create_table('number_series',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('prefix', sa.Text(), nullable=False),
    sa.Column('width', sa.BigInteger(), nullable=False),
    sa.Column('following', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_number_series'))
    )
    op.create_table('pipeline',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pipeline'))
    )
    op.create_index('uq_pipeline_external_id', 'pipeline', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('role',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('grants', postgresql.JSONB(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role')),
    sa.UniqueConstraint('key', name=op.f('uq_role_key'))
    )
    op.create_table('search_document',
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('subtitle', sa.Text(), nullable=False),
    sa.Column('folded', sa.Text(), nullable=False),
    sa.Column('terms', postgresql.TSVECTOR(), nullable=False),
    sa.Column('touched_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('record_type', 'record_id', name=op.f('pk_search_document'))
    )
    op.create_index('ix_search_document_terms', 'search_document', ['terms'], unique=False, postgresql_using='gin')
    op.create_table('unit',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('parent_id', sa.Uuid(), nullable=True),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['unit.id'], name=op.f('fk_unit_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit'))
    )
    op.create_index('ix_unit_path', 'unit', ['path'], unique=False, postgresql_ops={'path': 'text_pattern_ops'})
    op.create_table('member',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('title', sa.Text(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('unit_id', sa.Uuid(), nullable=True),
    sa.Column('locale', sa.Text(), nullable=True),
    sa.Column('timezone', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_member_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member')),
    sa.UniqueConstraint('account_id', name=op.f('uq_member_account_id'))
    )
    op.create_index('ix_member_unit_id', 'member', ['unit_id'], unique=False)
    op.create_index('uq_member_email', 'member', ['email'], unique=True)
    op.create_table('stage',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('pipeline_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('probability', sa.SmallInteger(), nullable=False),
    sa.Column('rotting_days', sa.SmallInteger(), nullable=True),
    sa.Column('required_fields', postgresql.JSONB(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint('probability between 0 and 100', name=op.f('ck_stage_probability')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['pipeline.id'], name=op.f('fk_stage_pipeline_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stage'))
    )
    op.create_index('ix_stage_pipeline', 'stage', ['pipeline_id', 'position'], unique=False)
    op.create_index('uq_stage_external_id', 'stage', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('customer',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('class_id', sa.Uuid(), nullable=True),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('industry', sa.Text(), nullable=True),
    sa.Column('staff_count', sa.BigInteger(), nullable=True),
    sa.Column('website', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('mobile', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('wechat', sa.Text(), nullable=True),
    sa.Column('whatsapp', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('region', sa.Text(), nullable=True),
    sa.Column('city', sa.Text(), nullable=True),
    sa.Column('street', sa.Text(), nullable=True),
    sa.Column('postal_code', sa.Text(), nullable=True),
    sa.Column('birthday_on', sa.Date(), nullable=True),
    sa.Column('founded_on', sa.Date(), nullable=True),
    sa.Column('tags', postgresql.JSONB(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=True),
    sa.Column('next_follow_up_on', sa.Date(), nullable=True),
    sa.Column('last_contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('merged_into_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.Column('restricted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('company', 'person')", name=op.f('ck_customer_kind')),
    sa.CheckConstraint("stage in ('potential', 'intending', 'user', 'loyal', 'high_value')", name=op.f('ck_customer_stage')),
    sa.ForeignKeyConstraint(['class_id'], ['customer_class.id'], name=op.f('fk_customer_class_id')),
    sa.ForeignKeyConstraint(['merged_into_id'], ['customer.id'], name=op.f('fk_customer_merged_into_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_customer_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer'))
    )
    op.create_index('ix_customer_class', 'customer', ['class_id'], unique=False)
    op.create_index('ix_customer_created', 'customer', ['created_at', 'id'], unique=False)
    op.create_index('ix_customer_email', 'customer', ['email'], unique=False)
    op.create_index('ix_customer_merged_into', 'customer', ['merged_into_id'], unique=False, postgresql_where='merged_into_id is not null')
    op.create_index('ix_customer_mobile', 'customer', ['mobile'], unique=False)
    op.create_index('ix_customer_name', 'customer', ['name', 'id'], unique=False)
    op.create_index('ix_customer_name_key', 'customer', ['name_key'], unique=False)
    op.create_index('ix_customer_next_follow_up', 'customer', ['next_follow_up_on', 'id'], unique=False)
    op.create_index('ix_customer_owner', 'customer', ['owner_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_customer_phone', 'customer', ['phone'], unique=False)
    op.create_index('ix_customer_tags', 'customer', ['tags'], unique=False, postgresql_using='gin')
    op.create_index('uq_customer_external_id', 'customer', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_index('uq_customer_number', 'customer', ['number'], unique=True)
    op.create_table('data_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('person', postgresql.JSONB(), nullable=True),
    sa.Column('counts', postgresql.JSONB(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('file_sha256', sa.Text(), nullable=True),
    sa.Column('size_bytes', sa.BigInteger(), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind in ('export', 'restrict', 'erase')", name=op.f('ck_data_request_kind')),
    sa.CheckConstraint("state in ('running', 'done', 'lifted')", name=op.f('ck_data_request_state')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_data_request_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_data_request'))
    )
    op.create_index('ix_data_request_expires', 'data_request', ['expires_at'], unique=False)
    op.create_index('ix_data_request_record', 'data_request', ['record_type', 'record_id'], unique=False)
    op.create_table('dismissal',
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.Column('dismissed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_dismissal_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('member_id', 'hint', name=op.f('pk_dismissal'))
    )
    op.create_table('export_run',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('query', sa.Text(), nullable=False),
    sa.Column('format', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('file_sha256', sa.Text(), nullable=True),
    sa.Column('size_bytes', sa.BigInteger(), nullable=True),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("format in ('csv', 'xlsx')", name=op.f('ck_export_run_format')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_export_run_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_export_run'))
    )
    op.create_index('ix_export_run_expires', 'export_run', ['expires_at'], unique=False)
    op.create_index('ix_export_run_owner', 'export_run', ['owner_id', 'id'], unique=False)
    op.create_table('hand_over',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('from_id', sa.Uuid(), nullable=True),
    sa.Column('to_id', sa.Uuid(), nullable=True),
    sa.Column('by_id', sa.Uuid(), nullable=True),
    sa.Column('undoes_id', sa.Uuid(), nullable=True),
    sa.Column('keys', sa.Text(), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('moved', postgresql.JSONB(), nullable=False),
    sa.Column('failed', postgresql.JSONB(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("keys in ('keep', 'revoke', 'transfer')", name=op.f('ck_hand_over_keys')),
    sa.ForeignKeyConstraint(['by_id'], ['member.id'], name=op.f('fk_hand_over_by_id')),
    sa.ForeignKeyConstraint(['from_id'], ['member.id'], name=op.f('fk_hand_over_from_id')),
    sa.ForeignKeyConstraint(['to_id'], ['member.id'], name=op.f('fk_hand_over_to_id')),
    sa.ForeignKeyConstraint(['undoes_id'], ['hand_over.id'], name=op.f('fk_hand_over_undoes_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hand_over')),
    sa.UniqueConstraint('undoes_id', name=op.f('uq_hand_over_undoes_id'))
    )
    op.create_index('ix_hand_over_from', 'hand_over', ['from_id'], unique=False)
    op.create_table('import_run',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('file_sha256', sa.Text(), nullable=True),
    sa.Column('rows_sha256', sa.Text(), nullable=True),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('about', postgresql.JSONB(), nullable=False),
    sa.Column('columns', postgresql.JSONB(), nullable=False),
    sa.Column('mapping', postgresql.JSONB(), nullable=False),
    sa.Column('has_header', sa.Boolean(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('match', postgresql.JSONB(), nullable=False),
    sa.Column('create_missing', sa.Boolean(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('created', sa.BigInteger(), nullable=False),
    sa.Column('updated', sa.BigInteger(), nullable=False),
    sa.Column('skipped', sa.BigInteger(), nullable=False),
    sa.Column('failed', sa.BigInteger(), nullable=False),
    sa.Column('reverted', sa.BigInteger(), nullable=False),
    sa.Column('kept', sa.BigInteger(), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('stamp', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("rule in ('skip', 'update', 'create')", name=op.f('ck_import_run_rule')),
    sa.CheckConstraint("state in ('mapping', 'checking', 'checked', 'running', 'done', 'cancelled', 'reverting', 'reverted')", name=op.f('ck_import_run_state')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_import_run_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )
    op.create_index('ix_import_run_created', 'import_run', ['created_at', 'id'], unique=False)
    op.create_table('notification',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('params', postgresql.JSONB(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_notification_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification'))
    )
    op.create_index('ix_notification_member', 'notification', ['member_id', 'created_at', 'id'], unique=False)
    op.create_table('saved_view',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('query', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('shared', sa.Boolean(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_saved_view_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view'))
    )
    op.create_index('ix_saved_view_record_type', 'saved_view', ['record_type', 'position'], unique=False)
    op.create_table('share',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('record_type', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('level', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("level in ('view', 'edit')", name=op.f('ck_share_level')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_share_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_share')),
    sa.UniqueConstraint('member_id', 'record_type', 'record_id', name=op.f('uq_share_member_id_record_type_record_id'))
    )
    op.create_index('ix_share_record', 'share', ['record_type', 'record_id'], unique=False)
    op.create_table('webhook_endpoint',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('events', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('conditions', postgresql.JSONB(), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=False),
    sa.Column('bounds', postgresql.JSONB(), nullable=True),
    sa.Column('kept_at', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('paused_reason', sa.Text(), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('old_secret', sa.Text(), nullable=True),
    sa.Column('old_secret_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_success_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sender_id', sa.Uuid(), nullable=True),
    sa.Column('sender_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wake_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rest_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("paused_reason in ('', 'manual', 'failing', 'gone', 'rights', 'copied')", name=op.f('ck_webhook_endpoint_paused_reason')),
    sa.CheckConstraint("state in ('active', 'paused')", name=op.f('ck_webhook_endpoint_state')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_webhook_endpoint_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoint'))
    )
    op.create_table('contact',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('position', sa.Text(), nullable=True),
    sa.Column('department', sa.Text(), nullable=True),
    sa.Column('role', sa.Text(), nullable=True),
    sa.Column('reports_to_id', sa.Uuid(), nullable=True),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('mobile', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('wechat', sa.Text(), nullable=True),
    sa.Column('whatsapp', sa.Text(), nullable=True),
    sa.Column('birthday_on', sa.Date(), nullable=True),
    sa.Column('tags', postgresql.JSONB(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=True),
    sa.Column('next_follow_up_on', sa.Date(), nullable=True),
    sa.Column('last_contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.Column('restricted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("role in ('decision_maker', 'influencer', 'user', 'buyer', 'gatekeeper', 'other')", name=op.f('ck_contact_role')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_contact_customer_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_contact_owner_id')),
    sa.ForeignKeyConstraint(['reports_to_id'], ['contact.id'], name=op.f('fk_contact_reports_to_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact'))
    )
    op.create_index('ix_contact_created', 'contact', ['created_at', 'id'], unique=False)
    op.create_index('ix_contact_customer', 'contact', ['customer_id'], unique=False)
    op.create_index('ix_contact_email', 'contact', ['email'], unique=False)
    op.create_index('ix_contact_mobile', 'contact', ['mobile'], unique=False)
    op.create_index('ix_contact_name', 'contact', ['name', 'id'], unique=False)
    op.create_index('ix_contact_next_follow_up', 'contact', ['next_follow_up_on', 'id'], unique=False)
    op.create_index('ix_contact_owner', 'contact', ['owner_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_contact_reports_to', 'contact', ['reports_to_id'], unique=False, postgresql_where='reports_to_id is not null')
    op.create_index('uq_contact_external_id', 'contact', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('customer_address',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('region', sa.Text(), nullable=True),
    sa.Column('city', sa.Text(), nullable=True),
    sa.Column('street', sa.Text(), nullable=True),
    sa.Column('postal_code', sa.Text(), nullable=True),
    sa.Column('notes', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_customer_address_customer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_address'))
    )
    op.create_index('ix_customer_address_customer', 'customer_address', ['customer_id'], unique=False)
    op.create_table('customer_relation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('other_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_customer_relation_customer_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['other_id'], ['customer.id'], name=op.f('fk_customer_relation_other_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_relation'))
    )
    op.create_index('ix_customer_relation_other', 'customer_relation', ['other_id'], unique=False)
    op.create_index('uq_customer_relation', 'customer_relation', ['customer_id', 'other_id', 'kind'], unique=True)
    op.create_table('hand_over_item',
    sa.Column('hand_over_id', sa.Uuid(), nullable=False),
    sa.Column('holding', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['hand_over_id'], ['hand_over.id'], name=op.f('fk_hand_over_item_hand_over_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('hand_over_id', 'holding', 'record_id', name=op.f('pk_hand_over_item'))
    )
    op.create_table('import_row_error',
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('row_no', sa.BigInteger(), nullable=False),
    sa.Column('cells', postgresql.JSONB(), nullable=False),
    sa.Column('errors', postgresql.JSONB(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], name=op.f('fk_import_row_error_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'row_no', name=op.f('pk_import_row_error'))
    )
    op.create_table('webhook_delivery',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('message_id', sa.Uuid(), nullable=False),
    sa.Column('event_name', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('payload', postgresql.JSONB(), nullable=True),
    sa.Column('is_test', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_status', sa.Integer(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state in ('pending', 'held', 'delivered', 'failed', 'skipped')", name=op.f('ck_webhook_delivery_state')),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoint.id'], name=op.f('fk_webhook_delivery_endpoint_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_delivery')),
    sa.UniqueConstraint('endpoint_id', 'message_id', name=op.f('uq_webhook_delivery_endpoint_id_message_id'))
    )
    op.create_index('ix_webhook_delivery_created_at', 'webhook_delivery', ['created_at'], unique=False)
    op.create_index('ix_webhook_delivery_due', 'webhook_delivery', ['endpoint_id', 'next_at', 'id'], unique=False, postgresql_where=sa.text("state = 'pending'"))
    op.create_index('ix_webhook_delivery_log', 'webhook_delivery', ['endpoint_id', 'state', 'id'], unique=False)
    op.create_table('activity',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=True),
    sa.Column('body', sa.Text(), nullable=True),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('duration_min', sa.BigInteger(), nullable=True),
    sa.Column('direction', sa.Text(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('mentions', postgresql.JSONB(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('lead_id', sa.Uuid(), nullable=True),
    sa.Column('deal_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("direction in ('in', 'out')", name=op.f('ck_activity_direction')),
    sa.CheckConstraint("kind in ('note', 'call', 'meeting', 'email', 'visit', 'message')", name=op.f('ck_activity_kind')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_activity_contact_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_activity_customer_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_activity_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity'))
    )
    op.create_index('ix_activity_contact', 'activity', ['contact_id'], unique=False)
    op.create_index('ix_activity_customer', 'activity', ['customer_id'], unique=False)
    op.create_index('ix_activity_deal', 'activity', ['deal_id'], unique=False)
    op.create_index('ix_activity_lead', 'activity', ['lead_id'], unique=False)
    op.create_index('ix_activity_occurred', 'activity', ['occurred_at', 'id'], unique=False)
    op.create_index('ix_activity_owner', 'activity', ['owner_id', 'occurred_at', 'id'], unique=False)
    op.create_index('uq_activity_external_id', 'activity', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('contact_role',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Text(), nullable=True),
    sa.Column('position', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("role in ('decision_maker', 'influencer', 'user', 'buyer', 'gatekeeper', 'other')", name=op.f('ck_contact_role_role')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_contact_role_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_contact_role_customer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_role'))
    )
    op.create_index('ix_contact_role_customer', 'contact_role', ['customer_id'], unique=False)
    op.create_index('uq_contact_role', 'contact_role', ['contact_id', 'customer_id'], unique=True)
    op.create_table('lead',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('company', sa.Text(), nullable=True),
    sa.Column('position', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('mobile', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('wechat', sa.Text(), nullable=True),
    sa.Column('whatsapp', sa.Text(), nullable=True),
    sa.Column('city', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('rating', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('tags', postgresql.JSONB(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=True),
    sa.Column('unqualified_reason', sa.Text(), nullable=True),
    sa.Column('next_follow_up_on', sa.Date(), nullable=True),
    sa.Column('last_contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('converted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('deal_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.Column('restricted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("rating in ('hot', 'warm', 'cold', 'not_interested')", name=op.f('ck_lead_rating')),
    sa.CheckConstraint("status in ('new', 'contacted', 'qualified', 'unqualified', 'converted')", name=op.f('ck_lead_status')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_lead_contact_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_lead_customer_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_lead_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lead'))
    )
    op.create_index('ix_lead_contact', 'lead', ['contact_id'], unique=False, postgresql_where='contact_id is not null')
    op.create_index('ix_lead_created', 'lead', ['created_at', 'id'], unique=False)
    op.create_index('ix_lead_customer', 'lead', ['customer_id'], unique=False, postgresql_where='customer_id is not null')
    op.create_index('ix_lead_email', 'lead', ['email'], unique=False)
    op.create_index('ix_lead_mobile', 'lead', ['mobile'], unique=False)
    op.create_index('ix_lead_next_follow_up', 'lead', ['next_follow_up_on', 'id'], unique=False)
    op.create_index('ix_lead_owner', 'lead', ['owner_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_lead_status', 'lead', ['status', 'created_at', 'id'], unique=False)
    op.create_index('uq_lead_external_id', 'lead', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('task',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('place', sa.Text(), nullable=True),
    sa.Column('priority', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('remind_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('lead_id', sa.Uuid(), nullable=True),
    sa.Column('deal_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("priority in ('low', 'normal', 'high')", name=op.f('ck_task_priority')),
    sa.CheckConstraint('ends_at is null or ends_at >= starts_at', name=op.f('ck_task_ends_after_start')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_task_contact_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_task_customer_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_task_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task'))
    )
    op.create_index('ix_task_contact', 'task', ['contact_id'], unique=False)
    op.create_index('ix_task_created', 'task', ['created_at', 'id'], unique=False)
    op.create_index('ix_task_customer', 'task', ['customer_id'], unique=False)
    op.create_index('ix_task_deal', 'task', ['deal_id'], unique=False)
    op.create_index('ix_task_lead', 'task', ['lead_id'], unique=False)
    op.create_index('ix_task_owner_due', 'task', ['owner_id', 'due_on', 'id'], unique=False)
    op.create_index('ix_task_remind', 'task', ['remind_at'], unique=False)
    op.create_index('ix_task_starts', 'task', ['starts_at'], unique=False)
    op.create_index('uq_task_external_id', 'task', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('webhook_attempt',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('delivery_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('request_headers', postgresql.JSONB(), nullable=False),
    sa.Column('duration_ms', sa.Integer(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('headers', postgresql.JSONB(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['webhook_delivery.id'], name=op.f('fk_webhook_attempt_delivery_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_attempt'))
    )
    op.create_index('ix_webhook_attempt_delivery_id', 'webhook_attempt', ['delivery_id'], unique=False)
    op.create_table('deal',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('lead_id', sa.Uuid(), nullable=True),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('pipeline_id', sa.Uuid(), nullable=False),
    sa.Column('stage_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('exchange_rate', sa.Numeric(precision=20, scale=10), nullable=True),
    sa.Column('rate_on', sa.Date(), nullable=True),
    sa.Column('base_amount_minor', sa.BigInteger(), nullable=True),
    sa.Column('probability', sa.SmallInteger(), nullable=True),
    sa.Column('expected_close_on', sa.Date(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('close_reason_id', sa.Uuid(), nullable=True),
    sa.Column('competitor', sa.Text(), nullable=True),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('stage_entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rank', sa.Numeric(), nullable=False),
    sa.Column('next_follow_up_on', sa.Date(), nullable=True),
    sa.Column('last_contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tags', postgresql.JSONB(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('updated_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("status in ('open', 'won', 'lost')", name=op.f('ck_deal_status')),
    sa.ForeignKeyConstraint(['close_reason_id'], ['close_reason.id'], name=op.f('fk_deal_close_reason_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_deal_contact_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_deal_customer_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['lead.id'], name=op.f('fk_deal_lead_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_deal_owner_id')),
    sa.ForeignKeyConstraint(['pipeline_id'], ['pipeline.id'], name=op.f('fk_deal_pipeline_id')),
    sa.ForeignKeyConstraint(['stage_id'], ['stage.id'], name=op.f('fk_deal_stage_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deal'))
    )
    op.create_index('ix_deal_board', 'deal', ['pipeline_id', 'stage_id', 'rank', 'id'], unique=False, postgresql_where="status = 'open'")
    op.create_index('ix_deal_close_reason', 'deal', ['close_reason_id'], unique=False, postgresql_where='close_reason_id is not null')
    op.create_index('ix_deal_closed', 'deal', ['closed_at'], unique=False)
    op.create_index('ix_deal_contact', 'deal', ['contact_id'], unique=False)
    op.create_index('ix_deal_created', 'deal', ['created_at', 'id'], unique=False)
    op.create_index('ix_deal_customer', 'deal', ['customer_id'], unique=False)
    op.create_index('ix_deal_expected_close', 'deal', ['expected_close_on', 'id'], unique=False)
    op.create_index('ix_deal_lead', 'deal', ['lead_id'], unique=False, postgresql_where='lead_id is not null')
    op.create_index('ix_deal_owner', 'deal', ['owner_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_deal_stage', 'deal', ['stage_id'], unique=False)
    op.create_index('uq_deal_external_id', 'deal', ['external_id'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_index('uq_deal_number', 'deal', ['number'], unique=True)
