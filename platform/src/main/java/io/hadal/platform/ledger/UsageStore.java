package io.hadal.platform.ledger;

import io.hadal.platform.budget.Prepaid;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.HashChain;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/**
 * Brings attempts into the database, each once however often it is tried, with the transactions
 * that pay them.
 */
public final class UsageStore {
  /** Who made the transactions that follow from requests. */
  public static final String METERING = "metering";

  private static final String INSERT =
      "INSERT INTO usage_event ("
          + EventRow.COLUMNS
          + ", hash) VALUES ("
          + "?, ".repeat(EventRow.COLUMNS.split(",", -1).length)
          + "?) ON CONFLICT DO NOTHING";

  private final DatabaseKind kind;
  private final PriceBook prices;
  private final Ledger ledger;

  public UsageStore(DatabaseKind kind, PriceBook prices, Ledger ledger) {
    this.kind = kind;
    this.prices = prices;
    this.ledger = ledger;
  }

  /**
   * Stores, in the caller's transaction, those that are not there yet.
   *
   * @return the events that were new
   */
  public List<UsageEvent> store(Handle handle, List<Settled> settled) {
    if (settled.isEmpty()) {
      return List.of();
    }
    HashChain chain = HashChain.locked(handle, kind, "event");
    Map<String, Settled> fresh = new LinkedHashMap<>();
    Set<String> requests = new HashSet<>();
    for (Settled one : settled) {
      Work work = one.event().work();
      fresh.putIfAbsent(key(work.requestId(), work.attempt()), one);
      requests.add(work.requestId());
    }
    handle
        .createQuery("SELECT request_id, attempt FROM usage_event WHERE request_id IN (<ids>)")
        .bindList("ids", List.copyOf(requests))
        .map((rs, ctx) -> key(rs.getString(1), rs.getInt(2)))
        .list()
        .forEach(fresh::remove);
    if (fresh.isEmpty()) {
      return List.of();
    }
    List<Draft> drafts = new ArrayList<>();
    List<UsageEvent> events = new ArrayList<>();
    SortedMap<String, Long> afterwards = new TreeMap<>();
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      for (Settled one : fresh.values()) {
        EventRow row = EventRow.of(one, snapshot(handle, one.event())).withSeq(chain.seq() + 1);
        List<@Nullable Object> values = row.values();
        values.add(chain.add(row.hashed()));
        batch.add(values.toArray());
        transactions(one, drafts);
        events.add(one.event());
        if (one.event().cost() > 0 && !Prepaid.heldFrom(one.event().holdId())) {
          Work work = one.event().work();
          afterwards.merge(work.identity().project(), one.event().cost(), Math::addExact);
        }
      }
      for (int count : batch.execute()) {
        if (count == 0) {
          throw new IllegalStateException("another node stored the same attempt");
        }
      }
    }
    chain.save();
    ledger.post(handle, drafts);
    Prepaid.spentAfterwards(handle, afterwards);
    return events;
  }

  private static String key(String requestId, int attempt) {
    return requestId + ':' + attempt;
  }

  private PriceSnapshot snapshot(Handle handle, UsageEvent event) {
    Price row = event.priceBook() == 0 ? null : prices.row(handle, event.priceBook());
    return row == null ? PriceSnapshot.FREE : row.at(event.start());
  }

  /**
   * The transactions of an attempt. What was set aside while it ran was known to this node alone:
   * the ledger gets it with the payment, and nothing stays held.
   */
  private static void transactions(Settled settled, List<Draft> drafts) {
    UsageEvent event = settled.event();
    Work work = event.work();
    String id = key(work.requestId(), work.attempt());
    String project = work.identity().project();
    Account prepaid = Account.prepaid(project);
    Account held = Account.held(project);
    long hold = settled.held();
    long cost = event.cost();
    if (hold > 0) {
      drafts.add(move(Kind.HOLD, "hold:" + id, project, event.start(), prepaid, held, hold));
      if (cost > hold) {
        drafts.add(
            move(Kind.EXTEND, "extend:" + id, project, event.end(), prepaid, held, cost - hold));
      }
    }
    if (cost > 0) {
      Account from = hold > 0 ? held : prepaid;
      Account revenue = Account.revenue(work.modelVersion());
      drafts.add(move(Kind.SETTLE, "settle:" + id, project, event.end(), from, revenue, cost));
    }
    if (hold > cost) {
      drafts.add(
          move(Kind.RELEASE, "release:" + id, project, event.end(), held, prepaid, hold - cost));
    }
    Long upstream = event.upstreamCost();
    if (upstream != null && upstream > 0) {
      drafts.add(
          move(
              Kind.UPSTREAM,
              "upstream:" + id,
              project,
              event.end(),
              Account.cost(work.backend()),
              Account.payable(work.backend()),
              upstream));
    }
  }

  private static Draft move(
      Kind kind, String ref, String project, long time, Account from, Account to, long amount) {
    return new Draft(
        kind,
        ref,
        project,
        null,
        "",
        METERING,
        time,
        List.of(new Posting(from, -amount), new Posting(to, amount)));
  }
}
