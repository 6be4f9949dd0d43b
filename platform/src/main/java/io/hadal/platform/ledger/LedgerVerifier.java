package io.hadal.platform.ledger;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.HashChain;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Outcome;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Recomputes everything in the books that follows from something else, and reports the first fault:
 * protections of the tables, the three chains of hashes, sums of transactions, balances, one event
 * for each attempt, the cost of each event by its row of the price book, the payment of each event.
 * Reads in pages; memory does not grow with the books.
 */
public final class LedgerVerifier {
  private static final int PAGE = 1_000;

  /** What the reference of a payment begins with. */
  private static final String SETTLE = "settle:";

  /** Sums in two parts: of numbers that somebody has put in, a plain one may not fit 64 bits. */
  private static final String WHOLE = "sum(amount_nano / 1000000000)";

  private static final String REST = "sum(amount_nano % 1000000000)";

  private static final List<String> TRIGGERS =
      List.of(
          "price_book_no_update",
          "price_book_no_delete",
          "ledger_tx_no_update",
          "ledger_tx_no_delete",
          "ledger_entry_no_update",
          "ledger_entry_no_delete",
          "ledger_account_no_update",
          "ledger_account_no_delete",
          "usage_event_no_update",
          "usage_event_no_class",
          "usage_event_no_delete",
          "usage_event_erase",
          "ledger_tx_balanced",
          "ledger_entry_closed");

  private final Database database;

  public LedgerVerifier(Database database) {
    this.database = database;
  }

  /** Looks through everything that is there when it begins; others may write meanwhile. */
  public Verification verify() {
    return database.read(h -> new Run(h).verify());
  }

  private static final class Found extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Fault fault;

    Found(String check, String where, String message) {
      super(message, null, false, false);
      this.fault = new Fault(check, where, message);
    }
  }

  /** One run. */
  private final class Run {
    private final Handle handle;
    private final Map<Long, Price> prices = new HashMap<>();
    private long transactions;
    private long events;
    private long priceRows;
    private String head = "";

    /** In this order: what a row points at is then below a head, too. */
    private final Head eventHead;

    private final Head transactionHead;
    private final Head priceHead;

    Run(Handle handle) {
      this.handle = handle;
      this.eventHead = head("event");
      this.transactionHead = head("transaction");
      this.priceHead = head("price");
    }

    private Head head(String chain) {
      return handle
          .createQuery("SELECT seq, hash FROM ledger_head WHERE chain = ?")
          .bind(0, chain)
          .map((rs, ctx) -> new Head(rs.getLong(1), rs.getString(2)))
          .findOne()
          .orElse(new Head(-1, ""));
    }

    Verification verify() {
      @Nullable Fault fault = null;
      try {
        triggers();
        priceChain();
        sums();
        transactionChain();
        balances();
        duplicates();
        eventChain();
        payments();
      } catch (Found e) {
        fault = e.fault;
      } catch (FormatException e) {
        fault = new Fault("format", "row", String.valueOf(e.getMessage()));
      } catch (ArithmeticException e) {
        fault = new Fault("format", "row", "has a number that is too large to count with");
      }
      return new Verification(fault, transactions, events, priceRows, head);
    }

    private void triggers() {
      String sql =
          database.kind() == DatabaseKind.SQLITE
              ? "SELECT name FROM sqlite_master WHERE type = 'trigger'"
              : "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'";
      Set<String> there = new HashSet<>(handle.createQuery(sql).mapTo(String.class).list());
      for (String trigger : TRIGGERS) {
        if (!there.contains(trigger)) {
          throw new Found(
              "protection", trigger, "the trigger that keeps rows as they are is missing");
        }
      }
    }

    private void priceChain() {
      String hash = "";
      long last = 0;
      while (true) {
        List<Row<Price>> page =
            page("price_book", "id", last, priceHead, rs -> row(rs, PriceBook.row(rs)));
        if (page.isEmpty()) {
          break;
        }
        for (Row<Price> row : page) {
          Price price = row.value();
          hash = next("prices", hash, last, price.id(), PriceBook.fields(price), row.hash());
          last = price.id();
          prices.put(price.id(), price);
        }
      }
      priceRows = last;
      end("prices", priceHead, last, hash);
    }

    private void sums() {
      first(
          "SELECT tx_seq AS a, "
              + WHOLE
              + " || ' ' || "
              + REST
              + " AS b FROM ledger_entry GROUP BY tx_seq HAVING "
              + REST
              + " % 1000000000 <> 0 OR "
              + WHOLE
              + " + "
              + REST
              + " / 1000000000 <> 0 ORDER BY tx_seq LIMIT 1",
          "sums",
          (seq, sum) -> "transaction " + seq + ": its entries sum to " + total(sum));
      first(
          "SELECT e.tx_seq AS a, e.line AS b FROM ledger_entry e LEFT JOIN ledger_tx t"
              + " ON t.seq = e.tx_seq WHERE t.seq IS NULL LIMIT 1",
          "sums",
          (seq, line) -> "transaction " + seq + ": it has entries and no row");
    }

    /** The number that two parts of a sum are. */
    private static String total(String parts) {
      String[] both = parts.split(" ");
      return new BigDecimal(both[0]).movePointRight(9).add(new BigDecimal(both[1])).toPlainString();
    }

    private void transactionChain() {
      String hash = "";
      long last = 0;
      while (true) {
        List<Row<TransactionRow>> page =
            page("ledger_tx", "seq", last, transactionHead, rs -> row(rs, TransactionRow.read(rs)));
        if (page.isEmpty()) {
          break;
        }
        Map<Long, List<Posting>> postings = new HashMap<>();
        handle
            .createQuery(
                "SELECT tx_seq, account_id, amount_nano FROM ledger_entry"
                    + " WHERE tx_seq BETWEEN ? AND ? ORDER BY tx_seq, line")
            .bind(0, page.getFirst().value().seq())
            .bind(1, page.getLast().value().seq())
            .map(
                (rs, ctx) ->
                    Map.entry(
                        rs.getLong(1), new Posting(Account.stored(rs.getString(2)), rs.getLong(3))))
            .forEach(
                e ->
                    postings.computeIfAbsent(e.getKey(), _ -> new ArrayList<>()).add(e.getValue()));
        for (Row<TransactionRow> row : page) {
          long seq = row.value().seq();
          Draft draft = draft(row.value(), postings.getOrDefault(seq, List.of()));
          hash = next("transactions", hash, last, seq, draft.fields(), row.hash());
          last = seq;
        }
      }
      transactions = last;
      head = hash;
      end("transactions", transactionHead, last, hash);
    }

    private Draft draft(TransactionRow row, List<Posting> postings) {
      try {
        return row.with(postings).draft();
      } catch (IllegalArgumentException | FormatException e) {
        throw new Found("transactions", "transaction " + row.seq(), String.valueOf(e.getMessage()));
      }
    }

    private void balances() {
      first(
          "SELECT id AS a, balance || ' ' || whole || ' ' || rest AS b FROM (SELECT a.id,"
              + " coalesce(b.balance_nano, 0) AS balance, coalesce(e.whole, 0) AS whole,"
              + " coalesce(e.rest, 0) AS rest, coalesce(b.entries, 0) AS entries,"
              + " coalesce(e.n, 0) AS n FROM ledger_account a"
              + " LEFT JOIN ledger_balance b ON b.account_id = a.id"
              + " LEFT JOIN (SELECT account_id, "
              + WHOLE
              + " AS whole, "
              + REST
              + " AS rest, count(*) AS n FROM ledger_entry GROUP BY account_id) e"
              + " ON e.account_id = a.id) sums WHERE entries <> n"
              + " OR (rest - balance % 1000000000) % 1000000000 <> 0 OR whole -"
              + " balance / 1000000000 + (rest - balance % 1000000000) / 1000000000 <> 0"
              + " ORDER BY id LIMIT 1",
          "balances",
          (account, found) -> {
            String[] parts = found.split(" ", 2);
            return "account %s: balance %s instead of %s"
                .formatted(account, parts[0], total(parts[1]));
          });
    }

    private void duplicates() {
      first(
          "SELECT request_id AS a, attempt AS b FROM usage_event GROUP BY request_id, attempt"
              + " HAVING count(*) > 1 LIMIT 1",
          "events",
          (request, attempt) -> "attempt " + attempt + " of " + request + ": more than one event");
    }

    private void eventChain() {
      String hash = "";
      long last = 0;
      while (true) {
        List<Row<EventRow>> page =
            page("usage_event", "seq", last, eventHead, rs -> row(rs, EventRow.read(rs)));
        if (page.isEmpty()) {
          break;
        }
        for (Row<EventRow> row : page) {
          EventRow event = row.value();
          price(event);
          hash = next("events", hash, last, event.seq(), event.hashed(), row.hash());
          last = event.seq();
        }
      }
      events = last;
      end("events", eventHead, last, hash);
    }

    private void price(EventRow event) {
      String where = "attempt " + event.attempt() + " of " + event.requestId();
      Price row = prices.get(event.priceBook());
      if (row == null && event.priceBook() != 0) {
        throw new Found(
            "costs", where, "its row " + event.priceBook() + " of the price book is missing");
      }
      PriceSnapshot snapshot = row == null ? PriceSnapshot.FREE : row.at(event.start());
      Outcome outcome;
      try {
        outcome = Outcome.valueOf(event.outcome());
      } catch (IllegalArgumentException e) {
        throw new Found("costs", where, "has no outcome '" + event.outcome() + "'");
      }
      long cost = Charging.cost(outcome, snapshot, event.quantities());
      boolean right = event.cost() == cost;
      if (!right && Charging.ourFault(outcome)) {
        long delivered = Charging.FAULTS_DELIVERED.costOf(outcome, snapshot, event.quantities());
        right = event.cost() == delivered;
      }
      if (!right) {
        throw new Found(
            "costs", where, "costs " + event.cost() + " nano-USD, by its prices " + cost);
      }
    }

    private void payments() {
      first(
          "SELECT u.request_id AS a, u.attempt AS b FROM usage_event u LEFT JOIN"
              + " (SELECT t.ref, e.amount_nano, e.account_id FROM ledger_tx t JOIN ledger_entry e"
              + " ON e.tx_seq = t.seq WHERE t.kind = 'SETTLE' AND e.amount_nano > 0) p"
              + " ON p.ref = 'settle:' || u.request_id || ':' || u.attempt"
              + " WHERE coalesce(p.amount_nano, 0) <> u.cost_nano OR (p.account_id IS NOT NULL AND"
              + " p.account_id <> 'revenue/' || u.model_version) LIMIT 1",
          "payments",
          (request, attempt) ->
              "attempt " + attempt + " of " + request + ": what was paid is not its cost");
      settlements();
      first(
          "SELECT account_id AS a, balance_nano AS b FROM ledger_balance WHERE account_id LIKE"
              + " 'project/%/held' AND balance_nano <> 0 LIMIT 1",
          "holds", (account, held) -> "account " + account + ": " + held + " nano-USD stay held");
    }

    /**
     * Every payment has its event. In pages by the key of events: a join on the text of the
     * reference takes SQLite the square of their number.
     */
    private void settlements() {
      long last = 0;
      while (true) {
        List<TransactionRef> page =
            handle
                .createQuery(
                    "SELECT seq, ref FROM ledger_tx WHERE kind = 'SETTLE' AND seq > ? AND seq <= ?"
                        + " ORDER BY seq LIMIT "
                        + PAGE)
                .bind(0, last)
                .bind(1, transactionHead.seq())
                .map((rs, ctx) -> new TransactionRef(rs.getLong(1), rs.getString(2)))
                .list();
        if (page.isEmpty()) {
          return;
        }
        Set<String> paid =
            handle
                .createQuery(
                    "SELECT request_id, attempt FROM usage_event WHERE request_id IN (<ids>)")
                .bindList("ids", page.stream().map(TransactionRef::requestId).distinct().toList())
                .map((rs, ctx) -> SETTLE + rs.getString(1) + ':' + rs.getInt(2))
                .collect(Collectors.toSet());
        for (TransactionRef one : page) {
          if (!paid.contains(one.ref())) {
            throw new Found("payments", "transaction " + one.seq(), one.ref() + " pays no event");
          }
        }
        last = page.getLast().seq();
      }
    }

    private <T> List<Row<T>> page(
        String table, String number, long after, Head head, Reader<T> reader) {
      return handle
          .createQuery(
              "SELECT * FROM "
                  + table
                  + " WHERE "
                  + number
                  + " > ? AND "
                  + number
                  + " <= ? ORDER BY "
                  + number
                  + " LIMIT "
                  + PAGE)
          .bind(0, after)
          .bind(1, head.seq())
          .map((rs, ctx) -> reader.read(rs))
          .list();
    }

    private String next(
        String check,
        String before,
        long last,
        long seq,
        List<@Nullable Object> fields,
        String hash) {
      if (seq != last + 1) {
        throw new Found(check, "row " + (last + 1), "is missing");
      }
      if (!HashChain.hash(before, seq, fields).equals(hash)) {
        throw new Found(check, "row " + seq, "was changed: its hash is another one");
      }
      return hash;
    }

    private void end(String check, Head head, long seq, String hash) {
      if (head.seq() != seq || !head.hash().equals(hash)) {
        throw new Found(
            check,
            "row " + (seq + 1),
            "is missing, or the head of the chain was changed: it is row " + head.seq());
      }
    }

    private void first(String sql, String check, Message message) {
      handle
          .createQuery(sql)
          .map((rs, ctx) -> List.of(rs.getString("a"), rs.getString("b")))
          .findFirst()
          .ifPresent(
              row -> {
                String[] parts = message.of(row.get(0), row.get(1)).split(": ", 2);
                throw new Found(check, parts[0], parts[parts.length - 1]);
              });
    }
  }

  private record Head(long seq, String hash) {}

  private record TransactionRef(long seq, String ref) {
    /** Of the attempt that it pays, whose number is behind the last colon. */
    String requestId() {
      int end = ref.lastIndexOf(':');
      return ref.startsWith(SETTLE) && end >= SETTLE.length()
          ? ref.substring(SETTLE.length(), end)
          : ref;
    }
  }

  private record Row<T>(T value, String hash) {}

  private static <T> Row<T> row(ResultSet rs, T value) throws SQLException {
    return new Row<>(value, rs.getString("hash"));
  }

  @FunctionalInterface
  private interface Reader<T> {
    Row<T> read(ResultSet rs) throws SQLException;
  }

  @FunctionalInterface
  private interface Message {
    String of(String a, String b);
  }
}
