package io.hadal.platform.node;

import io.hadal.platform.DataFolder;
import io.hadal.platform.Ids;
import io.hadal.platform.SecretText;
import io.hadal.platform.alert.AlertOptions;
import io.hadal.platform.alert.Alerts;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditExport;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.AuditSchedule;
import io.hadal.platform.audit.AuditVerifier;
import io.hadal.platform.audit.Checkpoints;
import io.hadal.platform.audit.SigningKey;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.budget.UsageEvents;
import io.hadal.platform.cluster.NodeTokens;
import io.hadal.platform.cluster.Nodes;
import io.hadal.platform.cluster.Signals;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.journal.Journal;
import io.hadal.platform.journal.JournalOptions;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.Pepper;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.ledger.Ledger;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.UsageStore;
import io.hadal.platform.ledger.Verification;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.media.MediaJobs;
import io.hadal.platform.metering.Metering;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.privacy.DataKeys;
import io.hadal.platform.privacy.MasterKey;
import io.hadal.platform.privacy.RetentionJob;
import io.hadal.platform.privacy.RowRetention;
import io.hadal.platform.privacy.UsageRetention;
import io.hadal.platform.registry.DeprecationNotices;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.reports.ExportPlan;
import io.hadal.platform.reports.ScheduledExport;
import io.hadal.platform.reports.UsageExport;
import io.hadal.platform.reports.VersionUses;
import io.hadal.platform.rollout.RolloutAudit;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.OidcOptions;
import io.hadal.platform.signin.PasswordHash;
import io.hadal.platform.signin.Sessions;
import io.hadal.platform.signin.SignIn;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Tenants;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything around the models, open: tenants and keys, limits and budgets, the ledger with its
 * journal, the audit log, the registry. It knows nothing of HTTP.
 */
public final class Platform implements AutoCloseable {
  /** Age at which a request that never ended is reported. */
  private static final Duration LONGEST = Duration.ofHours(6);

  private static final Duration FLUSH = Duration.ofSeconds(10);

  /** Closed in the opposite order. */
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  private final Clock clock = Clock.systemUTC();
  private final DataFolder data;
  private final Database database;
  private final Tenants tenants;
  private final Principals principals;
  private final KeyStore keys;
  private final Sessions sessions;
  private final SignIn signIn;
  private final Alerts alerts;
  private final PriceBook prices;
  private final Ledger ledger;
  private final Journal journal;
  private final RateLimits limits;
  private final Budgets budgets;
  private final Metering metering;
  private final AuditLog audit;
  private final AuditSchedule auditSchedule;
  private final AuditExport auditExport;
  private final SigningKey auditKey;
  private final DataKeys dataKeys;
  private final Registry registry;
  private final Rollouts rollouts;
  private final NodeTokens nodeTokens;
  private final byte[] sealKey;
  private final MediaJobs mediaJobs;
  private final @Nullable Nodes nodes;
  private final String run;
  private final Signals signals;
  private final Set<String> metricProjects;
  private final int auditDays;
  private final @Nullable SecretText firstPassword;

  private Platform(PlatformOptions options, Database database, Consumer<String> log) {
    this.data = options.data();
    this.metricProjects = options.metricProjects();
    this.auditDays = options.auditDays();
    this.database = database;
    open.push(database);
    this.tenants = new Tenants(database, clock);
    this.principals = new Principals(database, clock);
    BreakGlass breakGlass =
        new BreakGlass(database, new PasswordHash(PasswordHash.ITERATIONS), clock);
    Map<String, String> environment = System.getenv();
    String pepperAt = options.pepper();
    KeyStore.requirePepper(database, pepperAt, options.data().pepper());
    Pepper pepper =
        pepperAt == null ? Pepper.file(options.data().pepper()) : Pepper.of(pepperAt, environment);
    this.keys = keep(new KeyStore(database, pepper, clock, options.outage()));
    this.sessions = new Sessions(database, clock);
    this.signIn =
        keep(
            new SignIn(
                principals,
                sessions,
                breakGlass,
                options.oidc(),
                this::inFirstOrg,
                options.passwordUntilOidc(),
                pepper.derive("sign-in flow"),
                clock));

    this.ledger = new Ledger(database, clock);
    this.audit = new AuditLog(database, clock);
    Path signing = options.auditKey();
    this.auditKey = SigningKey.open(signing == null ? options.data().auditKey() : signing);
    Checkpoints checkpoints =
        new Checkpoints(database, auditKey, options.data().auditCheckpoints(), clock);
    this.auditSchedule =
        keep(
            new AuditSchedule(
                database,
                audit,
                checkpoints,
                new AuditVerifier(List.of(auditKey.publicKey())),
                List.of(
                    new LedgerAnchor(ledger, "transaction"),
                    new LedgerAnchor(ledger, "event"),
                    new LedgerAnchor(ledger, "price")),
                List.of(
                    new AuditSchedule.Daily("retention", this::erase),
                    new AuditSchedule.Daily("ledger.verify", this::verifyLedger),
                    new AuditSchedule.Daily("alerts", this::tell)),
                clock));
    this.auditExport = new AuditExport(database, auditKey, clock);
    String masterAt = options.masterKey();
    MasterKey master =
        masterAt == null
            ? MasterKey.open(options.data().masterKey())
            : MasterKey.resolve(masterAt, environment);
    this.dataKeys = new DataKeys(database, master, List.of(), audit, clock);

    AlertOptions told = options.alerts();
    this.alerts = keep(new Alerts(database, told == null ? AlertOptions.NONE : told, clock));
    this.prices = keep(new PriceBook(database, options.unpriced(), clock, options.outage()));
    prices.start();
    Charging faults = options.faultsFree() ? Charging.FAULTS_FREE : Charging.FAULTS_DELIVERED;
    JournalOptions usual = JournalOptions.of(options.data().journal(), options.node());
    this.journal =
        keep(
            Journal.open(
                new JournalOptions(
                    usual.folder(),
                    usual.node(),
                    options.journalBytes(),
                    Math.min(usual.segmentBytes(), options.journalBytes()),
                    faults),
                database,
                new UsageStore(database.kind(), prices, ledger),
                prices,
                clock,
                log));
    // Budgets count what an earlier process of this node spent from the database.
    if (!flushed()) {
      log.accept("journal: not all in the database yet; budgets of this node may be behind");
    }
    LeaseOptions leases =
        (options.several()
                ? LeaseOptions.shared(options.node())
                : LeaseOptions.alone(options.node()))
            .during(options.outage());
    this.limits = keep(new RateLimits(database, leases, clock));
    this.budgets =
        keep(
            new Budgets(
                database,
                leases,
                clock,
                new UsageEvents(),
                (handle, alert) -> alerts.raise(handle, alert.alert())));
    this.metering =
        keep(new Metering(limits, budgets, prices::at, journal, faults, clock, LONGEST));
    this.registry = new Registry(database, clock);
    this.rollouts = new Rollouts(database, registry, clock, new RolloutAudit(audit));
    this.nodeTokens = new NodeTokens(pepper.derive("node requests"), clock);
    this.sealKey = pepper.derive("reasoning seal");
    this.mediaJobs = new MediaJobs(database);
    this.nodes = options.several() ? keep(new Nodes(database, options.node(), clock)) : null;
    this.run = nodes == null ? Ids.next("run_") : nodes.incarnation();
    this.signals = keep(new Signals(database, this::heard));
    ExportPlan export = options.export();
    if (export != null) {
      keep(
          new ScheduledExport(
              export,
              new UsageExport(database, prices),
              file -> audit.append(AuditEntry.system(null, "usage.export", "file:" + file, null))));
    }
    // Behind all that can fail: the password is shown once, and only when the platform is open.
    this.firstPassword = breakGlass.firstStart();
    metering.start();
    auditSchedule.start();
  }

  /**
   * Opens the platform: brings the schema up to date, makes what a first start needs, and settles
   * what an earlier process left in the journal.
   *
   * @param log takes a line when something is wrong, and when it is well again
   * @throws io.hadal.formats.FormatException when something cannot be used
   */
  public static Platform open(PlatformOptions options, Consumer<String> log) {
    options.data().create();
    Database database =
        Database.open(
            DatabaseOptions.of(options.data(), options.url(), options.user(), options.password()));
    try {
      return new Platform(options, database, log);
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  /** Another node has changed something; empty when that is to be expected. */
  private void heard(String what) {
    boolean all = what.isEmpty();
    if (all || what.equals("tenancy")) {
      keys.refresh();
    }
    if (all || what.equals("limit") || what.equals("budget")) {
      metering.wake();
    }
    if (all || what.equals("price")) {
      prices.wake();
    }
    if (nodes != null && (all || what.equals("node"))) {
      nodes.wake();
    }
  }

  /** Erases personal fields of requests that are older than their projects keep them. */
  private void erase() {
    new RetentionJob(
            database,
            (after, limit) ->
                tenants
                    .projects(Permissions.Visible.EVERYTHING, null, null, after, limit)
                    .data()
                    .stream()
                    .map(p -> new RetentionJob.Kept(p.id(), p.org(), p.policy()))
                    .toList(),
            audit,
            List.of(new UsageRetention(), RowRetention.jobs(), RowRetention.endUserAlerts()),
            auditDays,
            clock)
        .run();
  }

  /** Tells what ends soon, and forgets what was told long ago. */
  private void tell() {
    if (!alerts.channels().isEmpty()) {
      new DeprecationNotices(registry::versions, new VersionUses(database), alerts, clock).run();
    }
    alerts.prune();
  }

  private void verifyLedger() {
    Verification found = new LedgerVerifier(database).verify();
    ObjectNode after = JsonNodeFactory.instance.objectNode().put("ok", found.ok());
    if (found.fault() != null) {
      after.put("fault", found.fault().toString());
      System.getLogger("hadal.platform")
          .log(System.Logger.Level.ERROR, "the ledger is damaged: " + found.fault());
    }
    audit.append(AuditEntry.system(null, "ledger.verify", "ledger", after));
  }

  private boolean flushed() {
    try {
      return journal.flush(FLUSH);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private OidcOptions inFirstOrg(OidcOptions oidc) {
    return oidc.in(tenants.orgs(Permissions.Visible.EVERYTHING, null, 1).data().getFirst().id());
  }

  private <T extends AutoCloseable> T keep(T part) {
    open.push(part);
    return part;
  }

  /** The administrator's password, of a first start only, to be shown once; null later. */
  public @Nullable SecretText firstPassword() {
    return firstPassword;
  }

  /** Where it keeps what outlives it. */
  public DataFolder data() {
    return data;
  }

  /** Projects with a label of their own in metrics. */
  public Set<String> metricProjects() {
    return metricProjects;
  }

  public Clock clock() {
    return clock;
  }

  public Database database() {
    return database;
  }

  public Tenants tenants() {
    return tenants;
  }

  public Principals principals() {
    return principals;
  }

  public KeyStore keys() {
    return keys;
  }

  public Sessions sessions() {
    return sessions;
  }

  public SignIn signIn() {
    return signIn;
  }

  /** Tells operators what they have to know. */
  public Alerts alerts() {
    return alerts;
  }

  public PriceBook prices() {
    return prices;
  }

  public Ledger ledger() {
    return ledger;
  }

  public Journal journal() {
    return journal;
  }

  public RateLimits limits() {
    return limits;
  }

  public Budgets budgets() {
    return budgets;
  }

  public Metering metering() {
    return metering;
  }

  public AuditLog audit() {
    return audit;
  }

  public AuditSchedule auditSchedule() {
    return auditSchedule;
  }

  public AuditExport auditExport() {
    return auditExport;
  }

  public SigningKey auditKey() {
    return auditKey;
  }

  public DataKeys dataKeys() {
    return dataKeys;
  }

  public Registry registry() {
    return registry;
  }

  public Rollouts rollouts() {
    return rollouts;
  }

  /** How nodes trust each other. */
  public NodeTokens nodeTokens() {
    return nodeTokens;
  }

  /** Key of what clients keep for this server: the same on all nodes, and after a restart. */
  public byte[] sealKey() {
    return sealKey.clone();
  }

  /** Jobs at upstreams. */
  public MediaJobs mediaJobs() {
    return mediaJobs;
  }

  /** The processes that share the database; null when it is not shared. */
  public @Nullable Nodes nodes() {
    return nodes;
  }

  /** Whether this node does what only one has to do. */
  public boolean leader() {
    return signals.leader();
  }

  /** Tells this run of this process from others. */
  public String run() {
    return run;
  }

  /** Whether a run of this or another process goes on. */
  public boolean lives(String other) {
    return other.equals(run) || (nodes != null && nodes.alive(other));
  }

  /** Brings the journal into the database, if that can be done soon, and closes everything. */
  @Override
  public void close() {
    flushed();
    for (AutoCloseable part : open) {
      try {
        part.close();
      } catch (Exception e) {
        // The others are closed all the same; the journal keeps what is not in the database.
        System.getLogger("hadal.platform").log(System.Logger.Level.WARNING, "closing failed", e);
      }
    }
  }
}
