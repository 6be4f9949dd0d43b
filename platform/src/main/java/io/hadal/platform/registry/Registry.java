package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.Refusal.Reason;
import io.hadal.platform.db.Database;
import io.hadal.platform.registry.AliasChange.Kind;
import io.hadal.platform.tenancy.Identity;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiPredicate;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Models by name (platform specification, 2.7): versions that never change once they are active,
 * names that point to them, and what answers to a name now. What other nodes change shows after a
 * second or two. While the database is away, what was known last goes on holding.
 */
public final class Registry {
  private static final long FRESH_MILLIS = 1000;

  /** Up to this age the list is read anew beside the requests, and not by one of them. */
  private static final long MOST_BEHIND_MILLIS = 2000;

  private static final int MOST_REASON = 500;
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  private final Database database;
  private final Clock clock;
  private final ReentrantLock loading = new ReentrantLock();
  private final Set<String> halted = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Catalogue catalogue;

  public Registry(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  // Versions

  /**
   * Adds a draft, or replaces the draft of that version.
   *
   * @param label date of the version, {@code 2026-11-29} or {@code 2026-11-29.2}; null for the next
   *     free one of today
   * @param by who does it
   * @throws FormatException when that version is there and no draft any more
   */
  public ModelVersion draft(Manifest manifest, @Nullable String label, String by) {
    long now = clock.millis();
    ModelVersion made =
        database.write(
            h -> {
              String id =
                  label == null
                      ? freeId(h, manifest.family(), VersionName.label(now))
                      : VersionName.id(manifest.family(), label);
              int rows =
                  h.createUpdate(
                          "INSERT INTO model_version (id, family, kind, manifest, manifest_sha256,"
                              + " fingerprint, lifecycle, created_at, created_by) VALUES (:id,"
                              + " :family, :kind, :manifest, :sha, :fingerprint, 'draft', :now,"
                              + " :by) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind,"
                              + " manifest = excluded.manifest, manifest_sha256 ="
                              + " excluded.manifest_sha256, fingerprint = excluded.fingerprint"
                              + " WHERE model_version.lifecycle = 'draft'")
                      .bind("id", id)
                      .bind("family", manifest.family())
                      .bind("kind", manifest.kind())
                      .bind("manifest", manifest.text())
                      .bind("sha", manifest.sha256())
                      .bind("fingerprint", manifest.fingerprint())
                      .bind("now", now)
                      .bind("by", by)
                      .execute();
              if (rows == 0) {
                throw new FormatException(
                    id, "is no draft any more and never changes; add it as another version");
              }
              return require(h, id);
            });
    refresh();
    return made;
  }

  private static String freeId(Handle h, String family, String date) {
    for (int n = 1; ; n++) {
      String id = VersionName.id(family, n == 1 ? date : date + "." + n);
      if (find(h, id).isEmpty()) {
        return id;
      }
    }
  }

  /** A version; empty when there is none of that id. */
  public Optional<ModelVersion> version(String id) {
    return database.read(h -> find(h, id));
  }

  /** All versions, by id. */
  public List<ModelVersion> versions() {
    return database.read(
        h ->
            h.createQuery("SELECT * FROM model_version ORDER BY id")
                .map((rs, c) -> Rows.version(rs))
                .list());
  }

  private static Optional<ModelVersion> find(Handle h, String id) {
    return h.createQuery("SELECT * FROM model_version WHERE id = :id")
        .bind("id", id)
        .map((rs, c) -> Rows.version(rs))
        .findOne();
  }

  private static ModelVersion require(Handle h, String id) {
    return find(h, id)
        .orElseThrow(
            () ->
                new FormatException(
                    id, "is no version; `hadal model list` and GET /admin/v1/models have them"));
  }

  /**
   * Lets a version answer: from now on it never changes. The name of its family points to it unless
   * that name is in use. A deprecated version becomes an active one again.
   *
   * @throws FormatException when it is not there or retired
   */
  public ModelVersion activate(String id, String by) {
    long now = clock.millis();
    ModelVersion active =
        database.write(
            h -> {
              ModelVersion version = require(h, id);
              if (version.lifecycle() == Lifecycle.RETIRED) {
                throw new FormatException(id, "is retired, and stays so");
              }
              h.createUpdate(
                      "UPDATE model_version SET lifecycle = 'active', activated_at ="
                          + " coalesce(activated_at, :now), deprecated_at = NULL, retires_at ="
                          + " NULL, successor = NULL WHERE id = :id")
                  .bind("now", now)
                  .bind("id", id)
                  .execute();
              String family = version.manifest().family();
              if (history(h, "", family).isEmpty()) {
                point(h, "", family, Kind.VERSION, id, by, "first version of the family");
              }
              return require(h, id);
            });
    refresh();
    return active;
  }

  /**
   * Says that a version should not be used any more. It goes on answering until it retires.
   *
   * @param since from when on; null for now
   * @param retiresAt when it ends; null for not yet known
   * @param successor what to use instead; null for nothing
   * @throws FormatException when it is not active, or the successor is no version or name
   */
  public ModelVersion deprecate(
      String id, @Nullable Instant since, @Nullable Instant retiresAt, @Nullable String successor) {
    Instant from = since == null ? clock.instant() : since;
    if (retiresAt != null && !retiresAt.isAfter(from)) {
      throw new FormatException(id, "cannot retire before it is deprecated");
    }
    ModelVersion deprecated =
        database.write(
            h -> {
              ModelVersion version = require(h, id);
              if (!version.answers(clock.instant())) {
                throw new FormatException(id, "is " + version.lifecycle().text() + ", not active");
              }
              if (successor != null
                  && (successor.equals(id)
                      || (find(h, successor).isEmpty() && history(h, "", successor).isEmpty()))) {
                throw new FormatException(id, "successor '" + successor + "' is no other model");
              }
              h.createUpdate(
                      "UPDATE model_version SET lifecycle = 'deprecated', deprecated_at = :since,"
                          + " retires_at = :retires, successor = :successor WHERE id = :id")
                  .bind("since", from.toEpochMilli())
                  .bind("retires", retiresAt == null ? null : retiresAt.toEpochMilli())
                  .bind("successor", successor)
                  .bind("id", id)
                  .execute();
              return require(h, id);
            });
    refresh();
    return deprecated;
  }

  /**
   * Ends a version.
   *
   * @throws FormatException when names or running rollouts point to it
   */
  public ModelVersion retire(String id) {
    long now = clock.millis();
    ModelVersion retired =
        database.write(
            h -> {
              ModelVersion version = require(h, id);
              List<String> names =
                  Rows.currentAliases(h).stream()
                      .filter(a -> a.kind() == Kind.VERSION && a.target().equals(id))
                      .map(AliasChange::name)
                      .toList();
              if (!names.isEmpty()) {
                throw new FormatException(
                    id, "answers to " + String.join(", ", names) + "; point them elsewhere first");
              }
              long running =
                  h.createQuery(
                          "SELECT count(*) FROM rollout WHERE state = 'running' AND (baseline = :id"
                              + " OR candidate = :id)")
                      .bind("id", id)
                      .mapTo(Long.class)
                      .one();
              if (running > 0) {
                throw new FormatException(id, "is part of a running rollout; end that first");
              }
              if (version.lifecycle() == Lifecycle.DRAFT) {
                throw new FormatException(id, "is a draft; discard it instead");
              }
              h.createUpdate(
                      "UPDATE model_version SET lifecycle = 'retired', deprecated_at ="
                          + " coalesce(deprecated_at, :now), retires_at = :now WHERE id = :id")
                  .bind("now", now)
                  .bind("id", id)
                  .execute();
              return require(h, id);
            });
    refresh();
    return retired;
  }

  /**
   * Takes a draft away.
   *
   * @throws FormatException when it is none
   */
  public void discard(String id) {
    database.run(
        h -> {
          if (require(h, id).lifecycle() != Lifecycle.DRAFT) {
            throw new FormatException(id, "is no draft any more; it is kept");
          }
          h.createUpdate("DELETE FROM model_probe WHERE version = :id").bind("id", id).execute();
          h.createUpdate("DELETE FROM model_version WHERE id = :id").bind("id", id).execute();
        });
    refresh();
  }

  // Names

  /**
   * Points a name to a version.
   *
   * @param org organisation whose name it becomes; empty for everybody
   * @throws FormatException when the version does not answer, the name looks like a version's, or a
   *     running rollout holds it
   */
  public AliasChange alias(String org, String name, String version, String by, String reason) {
    AliasChange change =
        database.write(
            h -> {
              VersionName.checkFamily(name, name);
              ModelVersion target = require(h, version);
              if (!target.answers(clock.instant())) {
                throw new FormatException(
                    version, "is " + target.lifecycle().text() + "; activate it first");
              }
              checkFree(h, org, name);
              return point(h, org, name, Kind.VERSION, version, by, reason);
            });
    refresh();
    return change;
  }

  /**
   * Takes a name away; an organisation's falls back to everybody's.
   *
   * @throws FormatException when it means nothing, or a running rollout holds it
   */
  public AliasChange unalias(String org, String name, String by, String reason) {
    AliasChange change =
        database.write(
            h -> {
              List<AliasChange> history = history(h, org, name);
              if (history.isEmpty() || history.getFirst().kind() == Kind.NONE) {
                throw new FormatException(name, "is no name of a model here");
              }
              checkFree(h, org, name);
              return point(h, org, name, Kind.NONE, "", by, reason);
            });
    refresh();
    return change;
  }

  private static void checkFree(Handle h, String org, String name) {
    h.createQuery(
            "SELECT id FROM rollout WHERE org_id = :org AND alias = :name AND state = 'running'")
        .bind("org", org)
        .bind("name", name)
        .mapTo(String.class)
        .findFirst()
        .ifPresent(
            id -> {
              throw new FormatException(name, "is held by the running rollout " + id);
            });
  }

  /**
   * Adds a line to a name's history, in a transaction of the caller; {@link #refresh} afterwards.
   */
  public AliasChange point(
      Handle h, String org, String name, Kind kind, String target, String by, String reason) {
    if (reason.length() > MOST_REASON) {
      throw new FormatException("reason", "has more than " + MOST_REASON + " characters");
    }
    // Two writers get the same number, and the primary key lets one of them through.
    return h.createQuery(
            "INSERT INTO alias_change (org_id, name, seq, target_kind, target, valid_from,"
                + " changed_by, reason) SELECT :org, :name, coalesce(max(seq), 0) + 1, :kind,"
                + " :target, :now, :by, :reason FROM alias_change WHERE org_id = :org AND name ="
                + " :name RETURNING *")
        .bind("org", org)
        .bind("name", name)
        .bind("kind", kind.name().toLowerCase(Locale.ROOT))
        .bind("target", target)
        .bind("now", clock.millis())
        .bind("by", by)
        .bind("reason", reason)
        .map((rs, c) -> Rows.alias(rs))
        .one();
  }

  /** Whether there is such an organisation; a name of another one would mean nothing to anybody. */
  public boolean hasOrg(String id) {
    return database.read(
        h ->
            h.createQuery("SELECT 1 FROM org WHERE id = :id AND status = 'active'")
                .bind("id", id)
                .mapTo(Integer.class)
                .findOne()
                .isPresent());
  }

  /** What all names mean now, those that mean nothing left out. */
  public List<AliasChange> aliases() {
    return database.read(
        h -> Rows.currentAliases(h).stream().filter(a -> a.kind() != Kind.NONE).toList());
  }

  /** Changes of a name, the last one first. */
  public List<AliasChange> history(String org, String name) {
    return database.read(h -> history(h, org, name));
  }

  private static List<AliasChange> history(Handle h, String org, String name) {
    return h.createQuery(
            "SELECT * FROM alias_change WHERE org_id = :org AND name = :name ORDER BY seq DESC")
        .bind("org", org)
        .bind("name", name)
        .map((rs, c) -> Rows.alias(rs))
        .list();
  }

  // Requests

  /** Whether a name means something here: as a version, or as a name that points to one. */
  public boolean knows(String name, Identity identity) {
    Catalogue now = catalogue();
    return now.versions().containsKey(name) || now.alias(identity.org(), name) != null;
  }

  /**
   * What answers to a name now.
   *
   * @param session the client's session, which keeps its version during a rollout; null for none
   * @throws Refusal when nothing has the name, its version has ended or the key may not use it
   */
  public Resolution resolve(String name, Identity identity, @Nullable String session) {
    return resolve(name, identity, session, (rollout, version) -> true);
  }

  /**
   * The same, where a rollout goes on with its baseline instead of a version that nobody runs.
   *
   * @param runs whether somebody runs the version that a rollout has chosen
   */
  public Resolution resolve(
      String name, Identity identity, @Nullable String session, BiPredicate<String, String> runs) {
    Catalogue now = catalogue();
    String id = name;
    String rollout = null;
    if (!now.versions().containsKey(name)) {
      AliasChange alias = now.alias(identity.org(), name);
      if (alias == null) {
        throw unknown(name);
      }
      id = alias.target();
      if (alias.kind() == Kind.ROLLOUT) {
        Split split = now.splits().get(id);
        if (split != null && !halted.contains(id)) {
          rollout = id;
          id = split.version(identity, session);
          ModelVersion chosen = now.versions().get(id);
          if (chosen == null
              || !chosen.answers(clock.instant())
              || (!id.equals(split.baseline()) && !runs.test(rollout, id))) {
            id = split.baseline();
          }
        } else {
          id = Objects.requireNonNull(now.baselines().get(id));
        }
      }
    }
    ModelVersion version = now.versions().get(id);
    if (version == null || version.lifecycle() == Lifecycle.DRAFT) {
      throw unknown(name);
    }
    if (!allowed(identity, name, version)) {
      throw new Refusal(Reason.MODEL_NOT_ALLOWED, "This key may not use the model '" + name + "'.");
    }
    if (!version.answers(clock.instant())) {
      throw ended(name, version);
    }
    return new Resolution(
        name,
        id,
        version.manifest().backends(),
        version.manifest().isLocal() ? id : version.manifest().upstreamModel(),
        version.deprecatedAt(),
        version.retiresAt(),
        version.successor(),
        rollout);
  }

  /** A version of any stage, without asking the database; null for none of that id. */
  public @Nullable ModelVersion known(String id) {
    return catalogue().versions().get(id);
  }

  /** Local versions that answer now, without asking the database. */
  public List<ModelVersion> local() {
    return catalogue().versions().values().stream()
        .filter(v -> v.manifest().isLocal() && v.answers(clock.instant()))
        .toList();
  }

  /** What a version promises about its speed, without asking the database; null for nothing. */
  public @Nullable Slo promise(String version) {
    return catalogue().promises().get(version);
  }

  private static Refusal unknown(String name) {
    return new Refusal(Reason.UNKNOWN_MODEL, "The model '" + name + "' does not exist.");
  }

  private static Refusal ended(String name, ModelVersion version) {
    Instant at = version.retiresAt();
    String when = at == null ? "" : " on " + LocalDate.ofInstant(at, ZoneOffset.UTC);
    String next = version.successor() == null ? "" : " Use '" + version.successor() + "' instead.";
    return new Refusal(
        Reason.UNKNOWN_MODEL, "The model '" + name + "' was retired" + when + "." + next);
  }

  private static boolean allowed(Identity identity, String name, ModelVersion version) {
    return identity.mayUse(name)
        || identity.mayUse(version.id())
        || identity.mayUse(version.manifest().family());
  }

  /** What a key sees in the list of models: names first, then the versions that answer. */
  public List<ModelCard> cards(Identity identity) {
    Catalogue now = catalogue();
    Map<String, AliasChange> names = new TreeMap<>(now.aliases().getOrDefault("", Map.of()));
    now.aliases()
        .getOrDefault(identity.org(), Map.of())
        .forEach(
            (name, alias) -> {
              if (alias.kind() != Kind.NONE) {
                names.put(name, alias);
              }
            });
    List<ModelCard> cards = new ArrayList<>();
    names.forEach(
        (name, alias) -> {
          String id =
              alias.kind() == Kind.ROLLOUT
                  ? now.baselines().getOrDefault(alias.target(), "")
                  : alias.target();
          card(cards, now, identity, name, now.versions().get(id));
        });
    now.versions().forEach((id, version) -> card(cards, now, identity, id, version));
    return cards;
  }

  private void card(
      List<ModelCard> cards,
      Catalogue now,
      Identity identity,
      String name,
      @Nullable ModelVersion version) {
    if (version != null && version.answers(clock.instant()) && allowed(identity, name, version)) {
      cards.add(new ModelCard(name, version, now.features().getOrDefault(version.id(), List.of())));
    }
  }

  /** The running rollout of that id. */
  public Optional<Split> split(String rollout) {
    return halted.contains(rollout)
        ? Optional.empty()
        : Optional.ofNullable(catalogue().splits().get(rollout));
  }

  /** Sends all requests of a rollout to the baseline at once, even if the database is away. */
  public void halt(String rollout) {
    halted.add(rollout);
  }

  /** Makes changes of this node show as soon as they are there. */
  public void refresh() {
    database.afterwards(this::load);
  }

  private void load() {
    loading.lock();
    try {
      catalogue = database.read(h -> Catalogue.load(h, clock.millis()));
    } finally {
      loading.unlock();
    }
  }

  private Catalogue catalogue() {
    Catalogue known = catalogue;
    long age = known == null ? Long.MAX_VALUE : clock.millis() - known.loadedAt();
    if (known != null && age >= 0 && age < FRESH_MILLIS) {
      return known;
    }
    if (known != null && age >= 0 && age < MOST_BEHIND_MILLIS) {
      // Requests do not wait while they come often.
      if (!loading.isLocked()) {
        Thread.ofVirtual().name("hadal-registry").start(() -> reloadIf(known));
      }
      return known;
    }
    return reload(known);
  }

  private void reloadIf(Catalogue known) {
    Catalogue now = catalogue;
    // Another one may have been quicker.
    if (now == null || now.loadedAt() == known.loadedAt()) {
      reload(known);
    }
  }

  private Catalogue reload(@Nullable Catalogue known) {
    // One reloads, the others go on with what is known.
    if (known == null) {
      loading.lock();
    } else if (!loading.tryLock()) {
      return known;
    }
    try {
      Catalogue loaded = database.read(h -> Catalogue.load(h, clock.millis()));
      catalogue = loaded;
      return loaded;
    } catch (RuntimeException e) {
      if (known == null) {
        throw new Refusal(Reason.UNAVAILABLE, "The list of models cannot be read.", 1000, null);
      }
      LOG.log(Level.WARNING, "the registry cannot be read, what was known goes on: " + e);
      // Not every request should try again.
      catalogue =
          new Catalogue(
              clock.millis(),
              known.versions(),
              known.aliases(),
              known.splits(),
              known.baselines(),
              known.promises(),
              known.features());
      return known;
    } finally {
      loading.unlock();
    }
  }
}
