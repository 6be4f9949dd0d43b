package io.hadal.platform.keys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.hadal.formats.FormatException;
import io.hadal.platform.Ids;
import io.hadal.platform.Outage;
import io.hadal.platform.PeriodicTask;
import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.db.Database;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.secrets.SecretPlace;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Page;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.tenancy.TenancyVersion;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Keys, and who comes with one (platform.md 2.2).
 *
 * <p>A key that has been looked up is remembered for 30 s, one that does not exist for 5 s, and
 * neither beyond the next change of any key, project or principal: every second a store looks
 * whether something has changed. A revoked key is so refused within 2 s on all nodes. While the
 * database cannot be reached, keys that were known stay good as long as {@link Outage} says.
 */
public final class KeyStore implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.keys");
  private static final int MOST_CACHED = 100_000;
  private static final long FRESH_MILLIS = 30_000;
  private static final long NEGATIVE_MILLIS = 5_000;
  private static final long POLL_MILLIS = 1000;
  private static final int POLLS_PER_FLUSH = 15;
  private static final int FAILURES = 30;
  private static final long FAILURE_FORGOTTEN_MILLIS = 2000;

  /** How long the old secret works after a rotation, unless said otherwise. */
  public static final Duration GRACE = Duration.ofHours(24);

  private static final Duration LONGEST_GRACE = Duration.ofDays(30);

  private final Database database;
  private final Pepper pepper;
  private final Clock clock;
  private final Outage outage;
  private final FailedAttempts attempts;
  private final Cache<String, Found> cache = Caffeine.newBuilder().maximumSize(MOST_CACHED).build();
  private final AtomicLong lookUps = new AtomicLong();

  /** By id of a key: when it was used last. */
  private final Map<String, Long> used = new ConcurrentHashMap<>();

  /** By id of a key: its MAC under the newest pepper. */
  private final Map<String, String> moved = new ConcurrentHashMap<>();

  private final PeriodicTask timer = new PeriodicTask("hadal-keys", this::poll);

  /** What has been seen of {@link TenancyVersion}. */
  private final AtomicLong version = new AtomicLong();

  private volatile boolean reachable = true;

  /** When the version was read last. */
  private volatile long currentAt;

  private int polls;

  /**
   * What a look-up found.
   *
   * @param row null when there is no such key
   * @param version of the tenancy before the look-up
   */
  private record Found(KeyRows.@Nullable Row row, long version, long at) {}

  /**
   * A key that was made.
   *
   * @param text its text, which is nowhere else
   */
  public record Created(ApiKey key, SecretText text) {}

  public KeyStore(Database database, Pepper pepper, Clock clock) {
    this(database, pepper, clock, Outage.DEFAULT);
  }

  /** A store of keys, with what goes on without a database. */
  public KeyStore(Database database, Pepper pepper, Clock clock, Outage outage) {
    this.database = database;
    this.pepper = pepper;
    this.clock = clock;
    this.outage = outage;
    this.attempts = new FailedAttempts(clock, FAILURES, FAILURE_FORGOTTEN_MILLIS);
    version.set(database.<Long>read(TenancyVersion::read));
    currentAt = clock.millis();
    timer.every(Duration.ofMillis(POLL_MILLIS));
  }

  // Life of a key

  /**
   * A new key. Its text is in the answer and nowhere else.
   *
   * @param principal who owns it; null for the project itself
   * @param test true for the test environment
   * @throws FormatException when project or principal are not there
   */
  public Created create(String project, @Nullable String principal, boolean test, KeyTerms terms) {
    KeyText text = KeyText.create(test);
    String id = Ids.next("key_");
    long now = clock.millis();
    requireFuture(terms, now);
    database.run(
        h -> {
          requireOwner(h, project, principal);
          h.createUpdate(
                  """
                  INSERT INTO api_key (id, kid, env, project_id, principal_id, name, last4,
                    secret_mac, pepper, scopes, models, addresses, limits, created_at, expires_at)
                  VALUES (:id, :kid, :env, :project, :principal, :name, :last4,
                    :mac, :pepper, :scopes, :models, :addresses, :limits, :now, :expires)
                  """)
              .bind("id", id)
              .bind("kid", text.kid())
              .bind("env", test ? "t" : "l")
              .bind("project", project)
              .bind("principal", principal)
              .bind("last4", text.last4())
              .bind("mac", newMac(text.secret()))
              .bind("pepper", pepper.generation())
              .bind("now", now)
              .bind("name", terms.name())
              .bind("scopes", scopes(terms))
              .bind("models", String.join(" ", terms.models()))
              .bind("addresses", String.join(" ", terms.addresses()))
              .bind("limits", terms.limits())
              .bind("expires", terms.expiresAt())
              .execute();
          if (!terms.limits().equals(KeyTerms.NO_LIMITS)) {
            limitsChanged(h);
          }
          TenancyVersion.changed(h);
        });
    database.afterwards(this::refresh);
    return new Created(required(get(id)), text.text());
  }

  /**
   * Says, before a pepper is made, whether there are keys that need the one of before: a slip in
   * its path would make all of them useless.
   *
   * @param reference where the pepper is, a {@linkplain io.hadal.platform.secrets.Secrets
   *     reference}; null for the file
   * @throws FormatException when there are keys and no such file
   */
  public static void requirePepper(Database database, @Nullable String reference, Path file) {
    SecretPlace place =
        reference == null ? new SecretPlace.Content(file) : SecretPlace.of(reference, Path.of(""));
    if (!(place instanceof SecretPlace.Content(Path at)) || Files.exists(at)) {
      return;
    }
    boolean keys =
        database.read(
            h ->
                h.createQuery("SELECT 1 FROM api_key LIMIT 1")
                    .mapTo(Long.class)
                    .findOne()
                    .isPresent());
    if (keys) {
      throw new FormatException(
          at.toString(),
          "no such file, and the keys in the database need it; copy the pepper of the first node,"
              + " or of a backup, here");
    }
  }

  private static void requireFuture(KeyTerms terms, long now) {
    Long expires = terms.expiresAt();
    if (expires != null && expires <= now) {
      throw new FormatException("expires_at", "must be in the future");
    }
  }

  private static void requireOwner(Handle h, String project, @Nullable String principal) {
    String org =
        h.createQuery("SELECT org_id FROM project WHERE id = :id AND status = 'active'")
            .bind("id", project)
            .mapTo(String.class)
            .findOne()
            .orElse(null);
    if (org == null) {
      throw new FormatException("project", "there is no project '" + project + "'");
    }
    if (principal == null) {
      return;
    }
    String home =
        h.createQuery("SELECT org_id FROM principal WHERE id = :id AND status = 'active'")
            .bind("id", principal)
            .mapTo(String.class)
            .findOne()
            .orElse(null);
    if (!Objects.equals(home, org)) {
      throw new FormatException(
          "principal", "there is no principal '" + principal + "' in the project's org");
    }
  }

  private static String scopes(KeyTerms terms) {
    return String.join(" ", terms.scopes().stream().map(Scope::text).sorted().toList());
  }

  private String newMac(SecretText secret) {
    byte[] mac = pepper.mac(pepper.generation(), secret);
    return HexFormat.of().formatHex(Objects.requireNonNull(mac));
  }

  /** A key; null when there is none. */
  public @Nullable ApiKey get(String id) {
    KeyRows.Row row = database.<KeyRows.@Nullable Row>read(h -> KeyRows.byId(h, id));
    return row == null ? null : row.key();
  }

  /** Keys in the order of their making. */
  public Page<ApiKey> list(KeyFilter filter, @Nullable String after, int limit) {
    List<ApiKey> rows = database.read(h -> KeyRows.list(h, filter, after, limit + 1));
    return Page.of(rows, limit, ApiKey::id);
  }

  /**
   * Other terms for a key, from now on.
   *
   * @throws FormatException when there is no such key
   */
  public ApiKey change(String id, KeyTerms terms) {
    ApiKey before = required(get(id));
    if (!Objects.equals(before.expiresAt(), terms.expiresAt())) {
      requireFuture(terms, clock.millis());
    }
    database.run(
        h -> {
          h.createUpdate(
                  """
                  UPDATE api_key SET name = :name, scopes = :scopes, models = :models,
                    addresses = :addresses, limits = :limits, expires_at = :expires
                  WHERE id = :id
                  """)
              .bind("id", id)
              .bind("name", terms.name())
              .bind("scopes", scopes(terms))
              .bind("models", String.join(" ", terms.models()))
              .bind("addresses", String.join(" ", terms.addresses()))
              .bind("limits", terms.limits())
              .bind("expires", terms.expiresAt())
              .execute();
          if (!terms.limits().equals(before.limits())) {
            limitsChanged(h);
          }
          TenancyVersion.changed(h);
        });
    database.afterwards(this::refresh);
    return required(get(id));
  }

  /** Nodes take limits of keys within a second. */
  private static void limitsChanged(Handle h) {
    RateLimits.keysChanged(h);
    Budgets.keysChanged(h);
  }

  /**
   * A new secret for a key. The old one works until the grace is over.
   *
   * @param grace up to 30 days; zero to end the old one at once
   * @throws FormatException when there is no such key, or it is revoked
   */
  public Created rotate(String id, Duration grace) {
    if (grace.isNegative() || grace.compareTo(LONGEST_GRACE) > 0) {
      throw new FormatException("grace", "must be from 0 to 30 days");
    }
    ApiKey key = required(get(id));
    KeyText text = KeyText.again(key.test() ? 't' : 'l', key.kid());
    database.run(
        h -> {
          int rows =
              h.createUpdate(
                      """
                      UPDATE api_key SET previous_mac = secret_mac, previous_pepper = pepper,
                        previous_until = :until, secret_mac = :mac, pepper = :pepper,
                        last4 = :last4
                      WHERE id = :id AND revoked_at IS NULL
                      """)
                  .bind("id", id)
                  .bind("until", clock.millis() + grace.toMillis())
                  .bind("mac", newMac(text.secret()))
                  .bind("pepper", pepper.generation())
                  .bind("last4", text.last4())
                  .execute();
          if (rows == 0) {
            throw new FormatException("key", "is revoked");
          }
          TenancyVersion.changed(h);
        });
    // Only what is there makes what was cached too old: a number that is taken back comes again.
    database.afterwards(
        () -> {
          moved.remove(id);
          refresh();
        });
    return new Created(required(get(id)), text.text());
  }

  /**
   * Ends a key, for good.
   *
   * @throws FormatException when there is no such key
   */
  public ApiKey revoke(String id) {
    required(get(id));
    database.run(
        h -> {
          h.createUpdate(
                  "UPDATE api_key SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL")
              .bind("id", id)
              .bind("now", clock.millis())
              .execute();
          TenancyVersion.changed(h);
        });
    database.afterwards(this::refresh);
    return required(get(id));
  }

  private static ApiKey required(@Nullable ApiKey key) {
    if (key == null) {
      throw new FormatException("key", "there is no such key");
    }
    return key;
  }

  // Use of a key

  /**
   * Whose key this is.
   *
   * @param text the key as the request gives it
   * @param address the peer's address in digits
   * @throws Refusal when it is no valid key, not from here, or this address has tried too often
   */
  public Identity authenticate(String text, String address) {
    return authenticate(text, address, null);
  }

  /**
   * Whose key this is.
   *
   * @param project id or slug of the project that the caller means; null when it does not say
   * @throws Refusal as above, and when the key belongs to another project
   */
  public Identity authenticate(String text, String address, @Nullable String project) {
    KeyText given = KeyText.parse(text.strip());
    if (given == null) {
      throw failed(text, address);
    }
    KeyRows.Row row = find(given.kid(), address);
    if (row == null || !matches(row, given.secret())) {
      throw failed(text, address);
    }
    ApiKey key = row.key();
    long now = clock.millis();
    // The secret is right: its owner may know why it does not work.
    String problem =
        key.revokedAt() != null
            ? "is revoked"
            : key.expiresAt() != null && key.expiresAt() <= now
                ? "has expired"
                : row.closed() != null ? "belongs to an archived " + row.closed() : null;
    if (problem != null) {
      throw new Refusal(
          Refusal.Reason.UNAUTHENTICATED, "The API key ****" + key.last4() + " " + problem + ".");
    }
    if (!row.ranges().isEmpty() && row.ranges().stream().noneMatch(r -> r.contains(address))) {
      throw new Refusal(
          Refusal.Reason.ADDRESS_NOT_ALLOWED,
          "The API key ****" + key.last4() + " may not be used from this address.");
    }
    if (project != null && !project.equals(key.project()) && !project.equals(row.slug())) {
      throw new Refusal(
          Refusal.Reason.PROJECT_NOT_ALLOWED,
          "The API key ****" + key.last4() + " belongs to another project.");
    }
    used.put(key.id(), now);
    return new Identity(
        key.org(),
        key.team(),
        key.project(),
        key.id(),
        key.principal(),
        key.scopes(),
        key.models(),
        row.policy());
  }

  private Refusal failed(String text, String address) {
    attempts.check(address);
    attempts.failed(address);
    String end = text.length() > 8 ? text.substring(text.length() - 4) : "";
    // A header may hold anything; what is echoed is letters and digits.
    return new Refusal(
        Refusal.Reason.UNAUTHENTICATED,
        "Incorrect API key provided: ****" + end.replaceAll("[^A-Za-z0-9_-]", "?") + ".");
  }

  private KeyRows.@Nullable Row find(String kid, String address) {
    Found found = cache.getIfPresent(kid);
    long now = clock.millis();
    if (found != null && found.version == version.get()) {
      long age = now - found.at;
      boolean usable = found.row == null ? age < NEGATIVE_MILLIS : age < FRESH_MILLIS;
      if (usable) {
        return found.row;
      }
    }
    boolean stale = found != null && found.row != null && outage.holds(now - knownAt(found));
    if (found != null && stale && !reachable) {
      return found.row;
    }
    attempts.check(address);
    // Before the look-up: a change that it may have missed makes what it found too old.
    long seen = version.get();
    try {
      lookUps.incrementAndGet();
      KeyRows.Row row = database.<KeyRows.@Nullable Row>read(h -> KeyRows.byKid(h, kid));
      cache.put(kid, new Found(row, seen, now));
      return row;
    } catch (RuntimeException e) {
      unreachable(e);
      if (found != null && stale) {
        return found.row;
      }
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE, "Keys cannot be checked at the moment.", 1000, null);
    }
  }

  /** Until when nothing had changed what was found. */
  private long knownAt(Found found) {
    return found.version == version.get() ? Math.max(found.at, currentAt) : found.at;
  }

  private boolean matches(KeyRows.Row row, SecretText secret) {
    ApiKey key = row.key();
    if (same(pepper.mac(row.pepper(), secret), row.mac())) {
      if (row.pepper() != pepper.generation()) {
        moved.put(key.id(), newMac(secret));
      }
      return true;
    }
    Long until = key.previousUntil();
    return until != null
        && clock.millis() < until
        && same(pepper.mac(row.previousPepper(), secret), row.previousMac());
  }

  private static boolean same(byte @Nullable [] mac, @Nullable String hex) {
    return mac != null && hex != null && MessageDigest.isEqual(mac, HexFormat.of().parseHex(hex));
  }

  /** Look-ups in the database so far. */
  long lookUps() {
    return lookUps.get();
  }

  // What goes on beside

  private void poll() {
    try {
      refresh();
      if (!reachable) {
        reachable = true;
        LOG.log(Level.INFO, "keys can be looked up again");
      }
    } catch (RuntimeException e) {
      unreachable(e);
      return;
    }
    if (++polls % POLLS_PER_FLUSH == 0) {
      try {
        flush();
      } catch (RuntimeException e) {
        // Keys can be read all the same; times of use are written with the next ones.
        LOG.log(Level.DEBUG, "times of use must wait", e);
      }
    }
  }

  private void unreachable(RuntimeException e) {
    if (reachable) {
      reachable = false;
      LOG.log(
          Level.WARNING,
          "keys cannot be looked up, known ones stay good for "
              + (outage.open() ? "now: " : outage.seconds() + " s: ")
              + e.getClass().getSimpleName());
    }
  }

  /** Looks whether something has changed; what is cached from before is not used any more then. */
  public void refresh() {
    long now = database.<Long>read(TenancyVersion::read);
    version.accumulateAndGet(now, Math::max);
    currentAt = clock.millis();
  }

  /** Writes down when keys were used, and MACs under the newest pepper. */
  void flush() {
    List<String> ids = new ArrayList<>(used.keySet());
    List<String> hashed = new ArrayList<>(moved.keySet());
    if (ids.isEmpty() && hashed.isEmpty()) {
      return;
    }
    database.run(
        h -> {
          for (String id : ids) {
            Long at = used.remove(id);
            if (at != null) {
              h.execute(
                  "UPDATE api_key SET last_used_at = ?"
                      + " WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
                  at,
                  id,
                  at);
            }
          }
          for (String id : hashed) {
            String mac = moved.remove(id);
            if (mac != null) {
              // One that has been rotated meanwhile has the newest pepper already.
              h.execute(
                  "UPDATE api_key SET secret_mac = ?, pepper = ? WHERE id = ? AND pepper < ?",
                  mac,
                  pepper.generation(),
                  id,
                  pepper.generation());
            }
          }
        });
  }

  /** Stops, and writes down what is left. */
  @Override
  public void close() {
    timer.close(Duration.ofSeconds(5));
    try {
      flush();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "times of the last use of keys are lost: " + e.getClass().getName());
    }
  }
}
