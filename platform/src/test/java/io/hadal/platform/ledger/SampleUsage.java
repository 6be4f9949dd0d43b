package io.hadal.platform.ledger;

import io.hadal.platform.db.Database;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A database with a price, and attempts for it. */
public final class SampleUsage {
  public static final String MODEL = "hadal-nano@2026-11-24";

  public final Database database;
  public final PriceBook prices;
  public final Ledger ledger;
  public final UsageStore store;

  /** Puts the price of {@link #MODEL} into a database. */
  public SampleUsage(Database database) {
    this.database = database;
    this.prices = new PriceBook(database, PriceBook.Unpriced.FREE, Clock.systemUTC());
    this.ledger = new Ledger(database, Clock.systemUTC());
    this.store = new UsageStore(database.kind(), prices, ledger);
    if (prices.list(MODEL, null, 0, 1).isEmpty()) {
      prices.add(
          new Price(
              0,
              MODEL,
              null,
              0,
              null,
              UnitPrices.tokens(150_000, 3_000, 150_000, 600_000),
              Schedule.NONE,
              "test",
              "test",
              0));
    }
  }

  /** An attempt of a project. */
  public static Work work(String project, String request, int attempt) {
    return work(project, request, attempt, "local", Map.of());
  }

  /** An attempt of a project at a backend. */
  public static Work work(
      String project, String request, int attempt, String backend, Map<String, String> tags) {
    return new Work(
        new Identity(
            "org_a",
            "team_" + project,
            project,
            "key_" + project,
            project.endsWith("1") ? "usr_1" : null,
            Set.of(),
            List.of(),
            ProjectPolicy.DEFAULT),
        request,
        attempt,
        "openai",
        "chat",
        "hadal-nano",
        MODEL,
        backend,
        100,
        100,
        null,
        "s" + request.hashCode() % 3,
        tags,
        backend.equals("local") ? "agent" : null);
  }

  /** The event of an attempt that took these tokens, priced by the book. */
  public UsageEvent event(
      Work work, long start, Outcome outcome, Quantities quantities, @Nullable Long upstreamCost) {
    PriceSnapshot snapshot = prices.at(work.modelVersion(), work.identity().project(), start);
    return new UsageEvent(
        work,
        start,
        start + 50,
        start + 1_000,
        outcome,
        outcome == Outcome.ERROR ? 500 : 200,
        quantities,
        false,
        snapshot.id(),
        Charging.cost(outcome, snapshot, quantities),
        upstreamCost,
        upstreamCost == null ? null : "up-" + work.requestId(),
        "hold-" + work.requestId(),
        5,
        20_000);
  }

  /** Stores attempts. */
  public int store(List<Settled> settled) {
    return database.write(h -> store.store(h, settled).size());
  }
}
