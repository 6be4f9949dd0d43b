package io.hadal.platform.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A row of {@code ledger_tx}, without its entries. */
record TransactionRow(
    long seq,
    String kind,
    String ref,
    @Nullable String project,
    @Nullable String corrects,
    String memo,
    String createdBy,
    long createdAt) {
  static TransactionRow read(ResultSet rs) throws SQLException {
    return new TransactionRow(
        rs.getLong("seq"),
        rs.getString("kind"),
        rs.getString("ref"),
        rs.getString("project_id"),
        rs.getString("corrects"),
        rs.getString("memo"),
        rs.getString("created_by"),
        rs.getLong("created_at"));
  }

  Transaction with(List<Posting> postings) {
    return new Transaction(
        seq,
        new Draft(
            Kind.valueOf(kind), ref, project, corrects, memo, createdBy, createdAt, postings));
  }
}
