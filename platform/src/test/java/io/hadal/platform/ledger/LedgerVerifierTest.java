package io.hadal.platform.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Somebody changes the file behind Hadal's back. */
class LedgerVerifierTest {
  @TempDir private static Path folder;

  @BeforeAll
  static void books() {
    Path file = folder.resolve("books.db");
    try (Database database = Database.open(DatabaseOptions.file(file))) {
      SampleUsage usage = new SampleUsage(database);
      usage.ledger.topUp("p1", 9_000_000, "pay-1", "bank", "anna");
      List<Settled> all = new ArrayList<>();
      for (int i = 1; i <= 20; i++) {
        Outcome outcome = i % 5 == 0 ? Outcome.ERROR : Outcome.COMPLETED;
        all.add(
            new Settled(
                usage.event(
                    SampleUsage.work("p1", "r" + i, 1),
                    1_000L * i,
                    outcome,
                    Quantities.tokens(100, 10, 0, 20, 1),
                    50L),
                40_000));
      }
      usage.store(all);
      usage.ledger.grant("p1", 5, "gift", "", "anna");
      assertThat(new LedgerVerifier(database).verify().fault()).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "protection | DROP TRIGGER ledger_tx_no_update",
        "protection | DROP TRIGGER usage_event_no_delete",
        "sums | UPDATE ledger_entry SET amount_nano = amount_nano + 1 WHERE tx_seq = 5 AND line ="
            + " 0",
        "sums | DELETE FROM ledger_entry WHERE tx_seq = 7 AND line = 1",
        "sums | DELETE FROM ledger_tx WHERE seq = 8",
        // More than 64 bits hold, together or by prices.
        "sums | UPDATE ledger_entry SET amount_nano = 9223372036854775807 WHERE tx_seq = 5",
        "balances | UPDATE ledger_balance SET balance_nano = 9223372036854775807 WHERE account_id ="
            + " 'cash'",
        "format | UPDATE usage_event SET output_text = 9223372036854775807 WHERE request_id ="
            + " 'r3'",
        "transactions | UPDATE ledger_entry SET amount_nano = 2 * amount_nano WHERE tx_seq = 5",
        "transactions | UPDATE ledger_tx SET memo = 'cash' WHERE seq = 1",
        "transactions | UPDATE ledger_tx SET created_by = 'bob' WHERE seq = 1",
        "transactions | UPDATE ledger_tx SET kind = 'GRANT' WHERE seq = 1",
        "transactions | DELETE FROM ledger_entry WHERE tx_seq = 1; DELETE FROM ledger_tx WHERE seq"
            + " = 1",
        "transactions | DELETE FROM ledger_entry WHERE tx_seq = (SELECT max(seq) FROM ledger_tx); "
            + "DELETE FROM ledger_tx WHERE seq = (SELECT max(seq) FROM ledger_tx)",
        "balances | UPDATE ledger_balance SET balance_nano = balance_nano + 1 WHERE account_id = "
            + "'project/p1/prepaid'",
        "balances | DELETE FROM ledger_balance WHERE account_id = 'cash'",
        "costs | UPDATE usage_event SET cost_nano = 0 WHERE request_id = 'r3'",
        "costs | UPDATE usage_event SET output_text = 1 WHERE request_id = 'r3'",
        "costs | UPDATE usage_event SET outcome = 'COMPLETED' WHERE request_id = 'r5'",
        "costs | UPDATE usage_event SET price_book_id = 9 WHERE request_id = 'r5'",
        "prices | UPDATE price_book SET output_price = 1",
        "prices | UPDATE price_book SET source = 'x'",
        "prices | DELETE FROM price_book",
        "events | UPDATE usage_event SET key_id = 'key_x' WHERE request_id = 'r4'",
        "events | UPDATE usage_event SET team_id = 'other' WHERE request_id = 'r4'",
        "events | UPDATE usage_event SET tags = '{}', end_at = 5 WHERE request_id = 'r4'",
        "events | UPDATE usage_event SET priority_class = 'fim' WHERE request_id = 'r4'",
        "events | UPDATE usage_event SET priority_class = NULL WHERE request_id = 'r4'",
        "events | DELETE FROM usage_event WHERE request_id = 'r4'",
        "events | DELETE FROM usage_event WHERE request_id = 'r20'",
        "events | UPDATE usage_event SET seq = 99 WHERE seq = 2; UPDATE usage_event SET seq = 2 "
            + "WHERE seq = 3; UPDATE usage_event SET seq = 3 WHERE seq = 99",
        "events | UPDATE ledger_head SET seq = 19 WHERE chain = 'event'",
      })
  void findsWhatWasChanged(String check, String change) throws Exception {
    Fault fault = faultAfter(change);
    assertThat(fault)
        .isNotNull()
        .satisfies(found -> assertThat(found.check()).isEqualTo(check))
        .satisfies(found -> assertThat(found.where()).isNotEmpty());
  }

  @Test
  void changingNothingIsNoFault() throws Exception {
    assertThat(faultAfter("UPDATE usage_event SET end_user = NULL, session = NULL")).isNull();
  }

  @Test
  void aTransactionForNothingIsFound() throws Exception {
    // Whoever can recompute every hash still has to invent an event.
    Path file = folder.resolve("free.db");
    Files.copy(folder.resolve("books.db"), file);
    try (Database database = Database.open(DatabaseOptions.file(file))) {
      new Ledger(database, java.time.Clock.systemUTC())
          .post(
              new Draft(
                  Kind.SETTLE,
                  "settle:none:1",
                  "p1",
                  null,
                  "",
                  "me",
                  1,
                  List.of(
                      new Posting(Account.prepaid("p1"), -5),
                      new Posting(Account.revenue("m"), 5))));
      assertThat(new LedgerVerifier(database).verify().fault())
          .isNotNull()
          .satisfies(f -> assertThat(f.check()).isEqualTo("payments"));
    }
  }

  private static @org.jspecify.annotations.Nullable Fault faultAfter(String change)
      throws Exception {
    Path file = TestDatabases.file();
    Files.copy(folder.resolve("books.db"), file);
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      List<String> triggers = new ArrayList<>();
      try (ResultSet rs =
          statement.executeQuery("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")) {
        while (rs.next()) {
          triggers.add(rs.getString(1));
          triggers.add(rs.getString(2));
        }
      }
      if (!change.startsWith("DROP")) {
        for (int i = 0; i < triggers.size(); i += 2) {
          statement.execute("DROP TRIGGER " + triggers.get(i));
        }
      }
      execute(statement, change);
      if (!change.startsWith("DROP")) {
        for (int i = 0; i < triggers.size(); i += 2) {
          statement.execute(triggers.get(i + 1));
        }
      }
    }
    try (Database database = Database.open(DatabaseOptions.file(file))) {
      assertThat(database.kind()).isEqualTo(DatabaseKind.SQLITE);
      return new LedgerVerifier(database).verify().fault();
    }
  }

  private static void execute(Statement statement, String change) throws SQLException {
    int rows = 0;
    for (String one : change.split(";", -1)) {
      rows += statement.executeUpdate(one);
    }
    if (!change.startsWith("DROP")) {
      assertThat(rows).as("rows changed").isPositive();
    }
  }
}
