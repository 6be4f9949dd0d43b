package io.hadal.platform.limits;

import io.hadal.platform.LimitState;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.Leases;
import io.hadal.platform.lease.Pool;
import io.hadal.platform.lease.SettingVersion;
import io.hadal.platform.lease.Spending;
import io.hadal.platform.lease.Window;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ModelPattern;
import io.hadal.platform.usage.Work;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * All limits, as they are set and as they stand. Minutes and requests at a time are counted in
 * memory, over several nodes by leases of slices; days are kept in the database. What nodes have
 * leased and not used is the error over several nodes: less may pass for some seconds, never more
 * than the limit and those slices.
 */
public final class RateLimits implements AutoCloseable {
  private static final long HOUR = 3_600_000;

  /** After that time what is unused is forgotten, milliseconds. */
  private static final long FORGET = 60_000;

  private final LimitStore store;
  private final Database database;
  private final Leases leases;
  private final Clock clock;
  private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();
  private volatile ScopeIndex<Rule> index = index(List.of());

  /** Amounts of keys' own limits, by id. */
  private volatile Map<String, Long> keyAmounts = Map.of();

  private volatile long version = -1;
  private long pruned;

  private static final class Entry {
    final Limit limit;
    final Allowance allowance;
    volatile long used;

    Entry(Limit limit, Allowance allowance, long used) {
      this.limit = limit;
      this.allowance = allowance;
      this.used = used;
    }
  }

  private record Rule(Limit limit, @Nullable ModelPattern model) {
    boolean fits(String org, String alias, String version) {
      return (limit.org() == null || limit.org().equals(org))
          && (model == null || model.matches(alias) || model.matches(version));
    }
  }

  /**
   * Reads the limits that are set.
   *
   * @param options how to lease over several nodes; limits never stop requests because the database
   *     is away
   */
  public RateLimits(Database database, LeaseOptions options, Clock clock) {
    this.database = database;
    this.store = new LimitStore(database);
    this.clock = clock;
    this.leases = new Leases(database, options.open(), clock, Spending.NONE, "limit:");
    reload();
  }

  /** Says, in the transaction of the change, that keys have other limits of their own. */
  public static void keysChanged(Handle h) {
    SettingVersion.bump(h, LimitStore.AREA);
  }

  static String poolPrefix(String limitId) {
    return "limit:" + limitId + "/";
  }

  /** Reads the limits anew when another node, or this one, has changed them. */
  public void reload() {
    long now = store.version();
    if (now != version) {
      List<Limit> all = new ArrayList<>(store.all());
      List<Limit> ofKeys = store.ofKeys();
      for (Limit limit : ofKeys) {
        boolean counted = limit.dimension().daily() || limit.dimension() == Dimension.CONCURRENCY;
        if (counted && !Objects.equals(keyAmounts.get(limit.id()), limit.amount())) {
          store.resize(limit);
        }
      }
      all.addAll(ofKeys);
      index = index(all);
      keyAmounts = ofKeys.stream().collect(Collectors.toUnmodifiableMap(Limit::id, Limit::amount));
      version = now;
    }
  }

  /** Those that are cheapest to undo come first. */
  private static ScopeIndex<Rule> index(List<Limit> limits) {
    List<Rule> rules =
        limits.stream()
            .sorted(Comparator.comparing(Limit::dimension).thenComparing(Limit::id))
            .map(
                limit ->
                    new Rule(limit, limit.model() == null ? null : new ModelPattern(limit.model())))
            .toList();
    return new ScopeIndex<>(rules, rule -> rule.limit.scope(), rule -> rule.limit.scopeId());
  }

  /**
   * Takes a request and its tokens out of all limits that match.
   *
   * @param output tokens of the answer to take in advance
   * @throws Refusal when one of them has too little; nothing is taken then
   */
  public LimitTicket admit(Work work, long output) {
    long now = clock.millis();
    LimitTicket ticket = new LimitTicket(now);
    for (ScopeIndex.Match<Rule> match :
        matches(work.identity(), work.endUser(), work.alias(), work.modelVersion())) {
      Limit limit = match.item().limit;
      long amount = amount(limit.dimension(), work.promptTokens(), output);
      if (work.attempt() > 1 && limit.dimension().kind() == Dimension.Kind.REQUESTS) {
        // Another attempt is the same request.
        continue;
      }
      Allowance allowance = allowance(match, now);
      long wait = allowance.take(amount, now);
      if (wait > 0) {
        ticket.undo(now);
        ticket.add(new LimitTicket.Part(limit, allowance, 0));
        throw refusal(limit, work, wait, ticket.state(now));
      }
      ticket.add(new LimitTicket.Part(limit, allowance, amount));
    }
    return ticket;
  }

  private static long amount(Dimension dimension, long prompt, long output) {
    return switch (dimension) {
      case CONCURRENCY, RPM, RPD -> 1;
      case TPM_IN_UNCACHED -> prompt;
      case TPM_OUT -> output;
      case TPM_TOTAL, TPD -> prompt + output;
    };
  }

  private static Refusal refusal(Limit limit, Work work, long wait, LimitState state) {
    return Refusal.rateLimit(
        String.format(
            Locale.ROOT,
            "Rate limit reached for %s: %d %s for this %s. Please try again in %s.",
            work.alias(),
            limit.amount(),
            limit.dimension().title(),
            limit.scope().text().replace('_', ' '),
            seconds(wait)),
        wait,
        state);
  }

  /** Rounded up to tenths: clients parse this. */
  private static String seconds(long millis) {
    long tenths = Math.ceilDiv(millis, 100);
    return tenths / 10 + "." + tenths % 10 + "s";
  }

  private List<ScopeIndex.Match<Rule>> matches(
      Identity identity, @Nullable String endUser, String alias, String modelVersion) {
    return index.find(identity, endUser, rule -> rule.fits(identity.org(), alias, modelVersion));
  }

  private Allowance allowance(ScopeIndex.Match<Rule> match, long now) {
    String key = match.item().limit.id() + "/" + match.subject();
    Entry entry = entries.get(key);
    if (entry == null || !entry.limit.equals(match.item().limit)) {
      entry =
          entries.compute(
              key,
              (k, old) ->
                  old != null && old.limit.equals(match.item().limit)
                      ? old
                      : new Entry(match.item().limit, create(match, old, now), now));
    }
    entry.used = now;
    return entry.allowance;
  }

  private Allowance create(ScopeIndex.Match<Rule> match, @Nullable Entry old, long now) {
    Limit limit = match.item().limit;
    String id = poolPrefix(limit.id()) + match.subject();
    boolean several = leases.options().several();
    if (limit.dimension().daily()) {
      return new PooledAllowance(
          leases, new Pool(id, Window.DAY, ZoneOffset.UTC, limit.amount(), false, false), clock);
    }
    if (limit.dimension() == Dimension.CONCURRENCY) {
      if (several) {
        return new PooledAllowance(
            leases, new Pool(id, Window.TOTAL, ZoneOffset.UTC, limit.amount(), false, true), clock);
      }
      return new Running(
          limit.amount(), old != null && old.allowance instanceof Running running ? running : null);
    }
    if (several) {
      return new SharedRate(
          database, leases.options(), id, limit.amount(), limit.effectiveBurst(), now);
    }
    return limit.dimension() == Dimension.RPM
        ? new Gcra(limit.amount(), limit.effectiveBurst())
        : new TokenBucket(limit.amount(), limit.effectiveBurst(), now);
  }

  /**
   * How the limits of a request stand, and which would refuse it; nothing is taken.
   *
   * @param model alias or version
   * @param tokens tokens of its prompt and answer
   */
  public List<LimitCheck> whatIf(
      Identity identity, @Nullable String endUser, String model, long tokens) {
    long now = clock.millis();
    List<LimitCheck> checks = new ArrayList<>();
    for (ScopeIndex.Match<Rule> match : matches(identity, endUser, model, model)) {
      Allowance allowance = allowance(match, now);
      allowance.refresh();
      long need =
          match.item().limit.dimension().kind() == Dimension.Kind.TOKENS
              ? Math.min(Math.max(1, tokens), match.item().limit.effectiveBurst())
              : 1;
      long left = allowance.left(now);
      checks.add(
          new LimitCheck(
              match.item().limit, match.subject(), left, allowance.resetMillis(now), left < need));
    }
    return checks;
  }

  /** How a limit stands for the subjects that used it on this node, at most some of them. */
  public List<LimitCheck> state(String limitId, int most) {
    long now = clock.millis();
    String prefix = limitId + "/";
    List<LimitCheck> checks = new ArrayList<>();
    for (Map.Entry<String, Entry> entry : entries.entrySet()) {
      if (entry.getKey().startsWith(prefix) && checks.size() < most) {
        Allowance allowance = entry.getValue().allowance;
        long left = allowance.left(now);
        checks.add(
            new LimitCheck(
                entry.getValue().limit,
                entry.getKey().substring(prefix.length()),
                left,
                allowance.resetMillis(now),
                left < 1));
      }
    }
    checks.sort(Comparator.comparing(LimitCheck::subject));
    return checks;
  }

  /** All limits, in the order of their ids. */
  public List<Limit> list() {
    return store.all();
  }

  /** A limit; null for none. */
  public @Nullable Limit find(String id) {
    return store.find(id);
  }

  /** Sets a limit; it holds at once here, within a second on other nodes. */
  public void create(Limit limit) {
    store.insert(limit);
    database.afterwards(this::reload);
  }

  /** Changes a limit's numbers. */
  public void update(Limit limit) {
    store.update(limit);
    database.afterwards(
        () -> {
          reload();
          leases.wake();
        });
  }

  /** Lifts a limit. */
  public void delete(String id) {
    store.delete(id);
    database.afterwards(this::reload);
  }

  /** Looks for changes, renews leases and forgets what is unused. To be called every second. */
  public void sweep() {
    reload();
    long now = clock.millis();
    for (Map.Entry<String, Entry> entry : entries.entrySet()) {
      Allowance allowance = entry.getValue().allowance;
      allowance.sweep(now);
      if (now - entry.getValue().used > FORGET && allowance.unused(now)) {
        entries.remove(entry.getKey(), entry.getValue());
      }
    }
    leases.sweep(share -> {});
    if (now - pruned > HOUR) {
      pruned = now;
      store.prune(now - 48 * HOUR);
    }
  }

  /** Gives back what this node has leased. */
  @Override
  public void close() {
    for (Entry entry : entries.values()) {
      entry.allowance.giveBack(clock.millis());
    }
    leases.close();
  }
}
