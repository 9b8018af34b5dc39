"""All tables of winbell, generated from its models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "winbell_0001_fa36db77"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('winbell_ring',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('deal_id', sa.Uuid(), nullable=False),
    sa.Column('deal', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['deal_id'], ['deal.id'], name=op.f('fk_winbell_ring_deal_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_winbell_ring'))
    )
    op.create_index(op.f('ix_winbell_ring_deal_id'), 'winbell_ring', ['deal_id'], unique=False)
