package io.hadal.server;

import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.ledger.Balance;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.usage.Gate;
import io.hadal.server.admin.AdminApi;
import io.hadal.server.admin.EndpointGroup;
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
 * @param names knows versions of models; null for none
 * @param administration null for none over HTTP
 * @param health what probes and metrics are told; null for nothing
 */
public record PlatformAccess(
    Keys keys,
    Gate gate,
    @Nullable Balances balances,
    @Nullable Names names,
    @Nullable Administration administration,
    @Nullable Health health) {
  /** Keys and a gate only. */
  public PlatformAccess(Keys keys, Gate gate) {
    this(keys, gate, null, null, null, null);
  }

  /**
   * Versions of models, and which of them are being tried.
   *
   * @param budgets knows who has to do with a cheaper model
   */
  public record Names(Registry registry, Rollouts rollouts, Budgets budgets, Clock clock) {}

  /** Knows the keys. */
  @FunctionalInterface
  public interface Keys {
    /**
     * Whose key it is.
     *
     * @param key null when the request shows none
     * @param address address of the peer
     * @throws io.hadal.platform.Refusal when nobody's, or not to be used from there
     */
    Identity identify(@Nullable String key, String address);
  }

  /** Knows balances. */
  @FunctionalInterface
  public interface Balances {
    /** What a project has paid ahead, nano-USD. */
    Balance of(String project);
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
     * @param options how requests are served, for plans of capacity
     */
    AdminApi api(List<EndpointGroup> own, DispatcherOptions options);
  }
}
