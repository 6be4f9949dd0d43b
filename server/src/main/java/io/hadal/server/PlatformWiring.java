package io.hadal.server;

import io.hadal.chat.Seal;
import io.hadal.chat.ServedModel;
import io.hadal.engine.capacity.CostTable;
import io.hadal.engine.capacity.LiveCosts;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.platform.Refusal;
import io.hadal.platform.Refusal.Reason;
import io.hadal.platform.alert.AlertRule;
import io.hadal.platform.alert.ChannelState;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.cluster.Member;
import io.hadal.platform.cluster.Nodes;
import io.hadal.platform.compare.UpgradeStore;
import io.hadal.platform.keys.AddressRange;
import io.hadal.platform.ledger.Balance;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.SubjectLookup;
import io.hadal.platform.metering.CopyGate;
import io.hadal.platform.node.Platform;
import io.hadal.platform.privacy.Envelope;
import io.hadal.platform.probe.QualityAlert;
import io.hadal.platform.probe.QualityListener;
import io.hadal.platform.probe.QualityStore;
import io.hadal.platform.registry.FileHashes;
import io.hadal.platform.registry.ProbeStore;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.reports.RecentRequests;
import io.hadal.platform.reports.Reconciliation;
import io.hadal.platform.reports.UsageExport;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageQuery;
import io.hadal.platform.reports.UsageReports;
import io.hadal.platform.reports.UsageScope;
import io.hadal.platform.reports.VersionUses;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Place;
import io.hadal.server.admin.ActorScope;
import io.hadal.server.admin.AdminApi;
import io.hadal.server.admin.AlertEndpoints;
import io.hadal.server.admin.AuditEndpoints;
import io.hadal.server.admin.AuditTrail;
import io.hadal.server.admin.BudgetEndpoints;
import io.hadal.server.admin.CapacityEndpoints;
import io.hadal.server.admin.ClientEndpoints;
import io.hadal.server.admin.EndpointGroup;
import io.hadal.server.admin.KeyEndpoints;
import io.hadal.server.admin.LedgerEndpoints;
import io.hadal.server.admin.LimitEndpoints;
import io.hadal.server.admin.ModelEndpoints;
import io.hadal.server.admin.NodeEndpoints;
import io.hadal.server.admin.PriceEndpoints;
import io.hadal.server.admin.PrivacyEndpoints;
import io.hadal.server.admin.ReconciliationEndpoints;
import io.hadal.server.admin.RequestEndpoints;
import io.hadal.server.admin.RolloutEndpoints;
import io.hadal.server.admin.SessionEndpoints;
import io.hadal.server.admin.SloEndpoints;
import io.hadal.server.admin.TenantEndpoints;
import io.hadal.server.admin.UsageEndpoints;
import io.hadal.server.wire.UsageApi;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Connects an open platform with the server in front of it. */
public final class PlatformWiring {
  private static final List<AddressRange> LOOPBACK =
      List.of(AddressRange.parse("127.0.0.0/8"), AddressRange.parse("::1"));

  private PlatformWiring() {}

  /**
   * What a server asks of a platform.
   *
   * @param secure whether browsers reach the server by TLS, so that cookies are sent only there
   */
  public static PlatformAccess access(Platform platform, boolean secure) {
    return new PlatformAccess(
        (key, address, project) -> {
          if (key == null) {
            throw new Refusal(
                Reason.UNAUTHENTICATED,
                "No API key: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.");
          }
          Identity counted = platform.nodeTokens().read(key);
          Identity identity =
              counted != null ? counted : platform.keys().authenticate(key, address, project);
          if (identity.policy().phi()) {
            requireSafe(secure, address);
          }
          return identity;
        },
        new NodeGate(platform.metering()),
        balances(platform),
        usage(platform),
        new PlatformAccess.Names(
            platform.registry(),
            new FileHashes(platform.database()),
            platform.rollouts(),
            platform.budgets(),
            trying(platform),
            platform.clock()),
        (own, model, running) -> administration(platform, secure, own, model, running),
        health(platform),
        vault(new Envelope(platform.dataKeys())),
        new Seal(platform.sealKey()));
  }

  /** Health information needs TLS, here or in a proxy on this machine, and leaves no dump. */
  private static void requireSafe(boolean secure, String address) {
    HeapDumps.forbid();
    if (!secure && LOOPBACK.stream().noneMatch(range -> range.contains(address))) {
      throw new Refusal(
          Reason.NOT_PERMITTED,
          "This project holds health information (phi): its requests need TLS."
              + " Set listen.tls, or put a proxy with TLS on the same machine.");
    }
  }

  private static PlatformAccess.Vault vault(Envelope envelope) {
    return new PlatformAccess.Vault() {
      @Override
      public byte[] seal(String org, String place, byte[] plain) {
        return envelope.seal(org, place, plain);
      }

      @Override
      public byte[] open(String org, String place, byte[] sealed) {
        return envelope.open(org, place, sealed).bytes();
      }
    };
  }

  private static PlatformAccess.Trying trying(Platform platform) {
    return new PlatformAccess.Trying(
        new CopyGate(platform.journal(), platform.clock()),
        new ProbeStore(platform.database(), platform.registry()),
        new QualityStore(platform.database()),
        quality(platform),
        new UpgradeStore(platform.database(), platform.clock()),
        platform.tenants(),
        platform.prices()::at);
  }

  /** Tells operators and the audit log once of a backend that got worse. */
  private static QualityListener quality(Platform platform) {
    return new QualityListener() {
      @Override
      public void worse(QualityAlert alert) {
        if (platform.alerts().once(alert.alert(platform.clock().instant()), alert.subject())) {
          platform
              .audit()
              .append(
                  AuditEntry.system(
                      null,
                      "quality.drop",
                      "backend:" + alert.backend(),
                      JsonNodeFactory.instance
                          .objectNode()
                          .put("version", alert.version())
                          .put("why", alert.detail())));
        }
      }

      @Override
      public void well(String version, String backend) {
        platform.alerts().over(AlertRule.QUALITY, QualityAlert.subject(version, backend));
      }
    };
  }

  /** Writes changes of the configuration file into the audit log. */
  public static ConfigReload.Audit reloads(Platform platform) {
    return (result, before, after) -> {
      ObjectNode told = JsonNodeFactory.instance.objectNode().put("result", result);
      told.set("changed", after);
      platform
          .audit()
          .append(
              new AuditEntry(
                  null, "system", null, null, "config.reload", "config", before, told, null));
    };
  }

  private static PlatformAccess.Balances balances(Platform platform) {
    return new PlatformAccess.Balances() {
      @Override
      public Balance of(String project) {
        return platform.ledger().balance(project);
      }

      @Override
      public boolean paysAhead(String project) {
        return platform.budgets().paysAhead(project);
      }

      @Override
      public @Nullable Long budgetLeft(Identity identity) {
        return platform.budgets().left(identity);
      }
    };
  }

  private static UsageApi usage(Platform platform) {
    UsageReports reports = new UsageReports(platform.database());
    return new UsageApi(
        platform.metering()::figures,
        (project, hours) -> {
          Instant from =
              platform
                  .clock()
                  .instant()
                  .truncatedTo(ChronoUnit.HOURS)
                  .minus(hours - 1, ChronoUnit.HOURS);
          UsageScope own = new UsageScope(false, Set.of(), Set.of(), Set.of(project));
          UsageFilter filter = new UsageFilter(from.toEpochMilli(), Long.MAX_VALUE, own, Map.of());
          return reports.run(new UsageQuery(filter, List.of(Dimension.HOUR), false, hours + 1));
        });
  }

  private static PlatformAccess.Health health(Platform platform) {
    return new PlatformAccess.Health() {
      @Override
      public boolean recording() {
        return platform.journal().healthy();
      }

      @Override
      public long journalBytes() {
        return platform.journal().bytes();
      }

      @Override
      public long lagMillis() {
        return platform.journal().lagMillis();
      }

      @Override
      public int attempts() {
        return platform.metering().active();
      }

      @Override
      public int openAttempts() {
        return platform.journal().openAttempts();
      }

      @Override
      public boolean database() {
        return platform.database().reachable();
      }

      @Override
      public double budgetLeft(LimitScope scope) {
        return platform.budgets().leastLeft(scope);
      }

      @Override
      public List<ChannelState> alerts() {
        return platform.alerts().channels();
      }

      @Override
      public List<String> otherConfigurations() {
        Nodes nodes = platform.nodes();
        return nodes == null ? List.of() : nodes.differing().stream().map(Member::name).toList();
      }

      @Override
      public Set<String> metricProjects() {
        return platform.metricProjects();
      }
    };
  }

  private static AdminApi administration(
      Platform platform,
      boolean secure,
      List<EndpointGroup> own,
      @Nullable ServedModel model,
      RunningVersions running) {
    ActorScope scopes = new ActorScope(platform.database(), Permissions::allows);
    SubjectLookup subjects = new SubjectLookup(platform.database());
    UsageReports reports = new UsageReports(platform.database());
    List<EndpointGroup> groups = new ArrayList<>(own);
    groups.add(
        new TenantEndpoints(
            platform.tenants(),
            platform.principals(),
            () -> platform.database().afterwards(platform.keys()::refresh)));
    groups.add(
        new KeyEndpoints(
            platform.keys(),
            platform.tenants(),
            platform.principals(),
            platform.clock(),
            () ->
                platform
                    .database()
                    .afterwards(
                        () -> {
                          platform.limits().reload();
                          platform.budgets().reload();
                        })));
    groups.add(ofOrg(new LimitEndpoints(platform.limits(), subjects, platform.clock())));
    groups.add(ofOrg(new BudgetEndpoints(platform.budgets(), subjects, platform.clock())));
    groups.add(
        anywhere(
            new UsageEndpoints(
                reports,
                new UsageExport(platform.database(), platform.prices()),
                scopes,
                platform.clock())));
    groups.add(anywhere(new RequestEndpoints(reports, scopes)));
    groups.add(
        anywhere(
            new LedgerEndpoints(
                platform.ledger(), new LedgerVerifier(platform.database()), scopes)));
    groups.add(
        anywhere(new ReconciliationEndpoints(new Reconciliation(platform.database()), scopes)));
    groups.add(anywhere(new PriceEndpoints(platform.prices(), scopes, platform.clock())));
    groups.add(
        new AuditEndpoints(
            platform.audit(),
            platform.auditSchedule(),
            platform.auditExport(),
            platform.auditKey().publicKey()));
    groups.add(new PrivacyEndpoints(platform.dataKeys()));
    groups.add(anywhere(new ClientEndpoints()));
    groups.add(anywhere(new SloEndpoints(platform.registry(), reports, scopes, platform.clock())));
    groups.add(
        EndpointGroup.shared(
            new ModelEndpoints(
                platform.registry(),
                platform.prices(),
                new ProbeStore(platform.database(), platform.registry()),
                new VersionUses(platform.database()),
                running,
                platform.clock())));
    groups.add(
        EndpointGroup.shared(
            new RolloutEndpoints(platform.rollouts(), platform.registry(), running)));
    groups.add(new NodeEndpoints(platform.nodes(), platform::leader));
    groups.add(new AlertEndpoints(platform.alerts()));
    groups.add(anywhere(capacity(platform, model)));
    return new AdminApi(
        platform.database(),
        platform.tenants(),
        platform.principals(),
        platform.keys(),
        platform.sessions(),
        new SessionEndpoints(platform.signIn(), platform.sessions(), platform.principals(), secure),
        groups,
        new AuditTrail(platform.audit()));
  }

  /** From now on, what steps cost is learnt from those that are served. */
  private static CapacityEndpoints capacity(Platform platform, @Nullable ServedModel model) {
    Dispatcher dispatcher = model == null ? null : model.dispatcher();
    Path file = platform.data().capacity();
    Supplier<@Nullable CostTable> costs = () -> Files.exists(file) ? CostTable.read(file) : null;
    LiveCosts live =
        model == null
            ? null
            : new LiveCosts(
                model.dispatcher().engine(),
                model.profile().name(),
                platform.data().path(),
                costs,
                platform.clock());
    if (dispatcher != null && live != null) {
      dispatcher.observe(live);
    }
    return new CapacityEndpoints(
        costs,
        live,
        () ->
            platform.data().otherCapacities().stream()
                .map(CostTable::read)
                .filter(other -> live == null || !live.isOf(other))
                .toList(),
        (hours, most) ->
            new RecentRequests(platform.database())
                .since("local", platform.clock().instant().minus(Duration.ofHours(hours)), most),
        dispatcher == null ? DispatcherOptions.defaults() : dispatcher.options());
  }

  /** Shows and changes what the actor's grants reach, by itself. */
  private static EndpointGroup anywhere(EndpointGroup group) {
    return EndpointGroup.placed(group, actor -> Place.ANYWHERE);
  }

  /** Shows and changes what belongs to the actor's organisation, by itself. */
  private static EndpointGroup ofOrg(EndpointGroup group) {
    return EndpointGroup.placed(group, Place::home);
  }
}
