package io.hadal.server;

import io.hadal.chat.Seal;
import io.hadal.chat.ServedModel;
import io.hadal.platform.Refusal;
import io.hadal.platform.alert.ChannelState;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.compare.UpgradeStore;
import io.hadal.platform.ledger.Balance;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.metering.Prices;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.probe.QualityListener;
import io.hadal.platform.probe.QualityStore;
import io.hadal.platform.registry.FileHashes;
import io.hadal.platform.registry.ProbeStore;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.platform.usage.Gate;
import io.hadal.server.admin.AdminApi;
import io.hadal.server.admin.EndpointGroup;
import io.hadal.server.wire.UsageApi;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a server asks of the platform.
 *
 * @param keys tells whose key it is
 * @param gate lets turns begin and sees what they take
 * @param balances knows what projects have paid ahead; null for nothing
 * @param usage knows what projects have used; null for nothing
 * @param names knows versions of models; null for none
 * @param administration null for none over HTTP
 * @param health what probes and metrics are told; null for nothing
 * @param vault encrypts what may be kept; null to keep it as it is
 * @param seal closes what clients keep for the server; null for one that lasts as long as the
 *     process
 */
public record PlatformAccess(
    Keys keys,
    Gate gate,
    @Nullable Balances balances,
    @Nullable UsageApi usage,
    @Nullable Names names,
    @Nullable Administration administration,
    @Nullable Health health,
    @Nullable Vault vault,
    @Nullable Seal seal) {
  /** Keys and a gate only. */
  public PlatformAccess(Keys keys, Gate gate) {
    this(keys, gate, null, null, null, null, null, null, null);
  }

  /**
   * Versions of models, and which of them are being tried.
   *
   * @param hashes knows files that were hashed when versions were added
   * @param budgets knows who has to do with a cheaper model
   * @param trials what versions are tried with
   */
  public record Names(
      Registry registry,
      FileHashes hashes,
      Rollouts rollouts,
      Budgets budgets,
      Trying trials,
      Clock clock) {}

  /**
   * What versions are tried with.
   *
   * @param copies lets pass what nobody asked for: copies, probes
   * @param probes what versions can do
   * @param quality how well backends serve versions
   * @param alerts is told how backends do
   * @param upgrades reports of two versions side by side
   * @param tenants knows the policies of projects
   * @param prices what versions cost
   */
  public record Trying(
      Gate copies,
      ProbeStore probes,
      QualityStore quality,
      QualityListener alerts,
      UpgradeStore upgrades,
      Tenants tenants,
      Prices prices) {
    /** The prices of a version for a project at a moment; null for none. */
    public @Nullable PriceSnapshot price(String version, String project, long millis) {
      try {
        PriceSnapshot price = prices.at(version, project, millis);
        return price.id() == 0 ? null : price;
      } catch (Refusal e) {
        return null; // Models without a price may be refused.
      }
    }
  }

  /** Knows the keys. */
  @FunctionalInterface
  public interface Keys {
    /**
     * Whose key it is.
     *
     * @param key null when the request shows none
     * @param address address of the peer
     * @param project id or slug of the project that the request means; null when it does not say
     * @throws io.hadal.platform.Refusal when nobody's, another project's, or not to be used from
     *     there
     */
    Identity identify(@Nullable String key, String address, @Nullable String project);
  }

  /** Knows balances. */
  @FunctionalInterface
  public interface Balances {
    /** What a project has paid ahead, nano-USD. */
    Balance of(String project);

    /** Whether a project may only use what it has paid ahead. */
    default boolean paysAhead(String project) {
      return true;
    }

    /** What budgets leave to a key, nano-USD; null without one. */
    default @Nullable Long budgetLeft(Identity identity) {
      return null;
    }
  }

  /** Encrypts content of organisations for a place, where alone it opens again. */
  public interface Vault {
    /** Content that only its organisation's data key opens. */
    byte[] seal(String org, String place, byte[] plain);

    /**
     * The content.
     *
     * @throws io.hadal.formats.FormatException when its key was erased
     */
    byte[] open(String org, String place, byte[] sealed);
  }

  /** How the platform is. */
  public interface Health {
    /** False when attempts cannot be recorded, so that nothing can be served. */
    boolean recording();

    /** Bytes of the journal. */
    long journalBytes();

    /** Age of the oldest record that is not in the database yet, milliseconds. */
    long lagMillis();

    /** Attempts that are running. */
    int attempts();

    /** Attempts that the journal has as begun and not ended. */
    int openAttempts();

    /** Whether the database answered last. */
    boolean database();

    /** Part that is left of the budget of a scope that has least; no number without one. */
    double budgetLeft(LimitScope scope);

    /** How alerts arrive, by channel. */
    List<ChannelState> alerts();

    /** Names of nodes that should have the configuration of this one, and have another. */
    List<String> otherConfigurations();

    /** Projects with a label of their own in metrics. */
    Set<String> metricProjects();
  }

  /** Administration over HTTP. */
  @FunctionalInterface
  public interface Administration {
    /**
     * The API.
     *
     * @param own endpoints of the server itself: its state, its upstreams
     * @param model the model of this process, for plans of capacity; null for none
     * @param running where versions run
     */
    AdminApi api(List<EndpointGroup> own, @Nullable ServedModel model, RunningVersions running);
  }
}
