"""All tables of cell, generated from its models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "cell_0001_c0120e7e"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('job',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_role', sa.Text(), server_default=sa.text('current_user'), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.Text(), server_default='ready', nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=True),
    sa.Column('params', postgresql.JSONB(), nullable=False),
    sa.Column('actor', postgresql.JSONB(), nullable=False),
    sa.Column('request_id', sa.Text(), server_default='', nullable=False),
    sa.Column('key', sa.Text(), nullable=True),
    sa.Column('is_visible', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('run_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('worker_id', sa.Uuid(), nullable=True),
    sa.Column('claims', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('crashes', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('steps_seen', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job')),
    schema='cell'
    )
    op.create_index('ix_job_ready', 'job', ['tenant_role', 'run_at', 'id'], unique=False, schema='cell', postgresql_where=sa.text("state = 'ready' AND kind <> 'call'"))
    op.create_index('ix_job_ready_calls', 'job', ['tenant_role', 'run_at', 'id'], unique=False, schema='cell', postgresql_where=sa.text("state = 'ready' AND kind = 'call'"))
    op.create_index('ix_job_running', 'job', ['worker_id', 'tenant_role'], unique=False, schema='cell', postgresql_where=sa.text("state = 'running'"))
    op.create_index('uq_job_key', 'job', ['tenant_role', 'name', 'key'], unique=True, schema='cell', postgresql_where=sa.text('key IS NOT NULL'))
    op.create_table('lane',
    sa.Column('tenant_role', sa.Text(), nullable=False),
    sa.Column('served_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tidied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cap', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('tenant_role', name=op.f('pk_lane')),
    schema='cell'
    )
    op.create_table('migration',
    sa.Column('tenant_role', sa.Text(), nullable=False),
    sa.Column('component', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('revision', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('tenant_role', 'component', name=op.f('pk_migration')),
    schema='cell'
    )
    op.create_table('outbox',
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_role', sa.Text(), server_default=sa.text('current_user'), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('event_name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_outbox')),
    schema='cell'
    )
    op.create_table('schedule',
    sa.Column('tenant_role', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('every_s', sa.BigInteger(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('tenant_role', 'name', name=op.f('pk_schedule')),
    schema='cell'
    )
    op.create_index('ix_schedule_next_at', 'schedule', ['next_at'], unique=False, schema='cell')
    op.create_table('worker',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('backend_pid', sa.Integer(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_worker')),
    schema='cell'
    )
