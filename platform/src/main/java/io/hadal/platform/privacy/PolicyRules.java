package io.hadal.platform.privacy;

import io.hadal.platform.tenancy.ProjectPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Which policies are tighter than others. A project may be tighter than its organisation demands,
 * never looser; a key or request may be tighter than its project.
 */
public final class PolicyRules {
  /** From loose to tight: who shares prompt caches. */
  static final List<String> ISOLATION = List.of("project", "key", "user");

  /** From loose to tight: what happens to personal data in requests. */
  static final List<String> REDACTION = List.of("off", "detect", "pseudonymise", "mask", "block");

  /** What an organisation demands that demands nothing. */
  public static final ProjectPolicy NO_DEMAND =
      new ProjectPolicy(true, false, false, 0, "project", List.of(), "off");

  private PolicyRules() {}

  /** What a policy means in full: health information is not retained unless somebody says how long. */
  public static ProjectPolicy complete(ProjectPolicy policy) {
    boolean zdr = policy.zdr() || (policy.phi() && policy.retentionDays() == 0);
    return new ProjectPolicy(
        policy.storePrompts() && !zdr,
        zdr,
        policy.phi(),
        policy.retentionDays(),
        policy.cacheIsolation(),
        policy.regions(),
        policy.redaction());
  }

  /**
   * Where a policy is looser than what is demanded, in words for people; empty when nowhere.
   */
  public static List<String> looser(ProjectPolicy policy, ProjectPolicy demanded) {
    List<String> looser = new ArrayList<>();
    if (policy.storePrompts() && !demanded.storePrompts()) {
      looser.add("store_prompts must be false");
    }
    if (demanded.zdr() && !policy.zdr()) {
      looser.add("zdr must be true");
    }
    if (demanded.phi() && !policy.phi()) {
      looser.add("phi must be true");
    }
    int days = demanded.retentionDays();
    if (days > 0 && (policy.retentionDays() == 0 || policy.retentionDays() > days)) {
      looser.add("retention_days must be from 1 to " + days);
    }
    if (rank(ISOLATION, policy.cacheIsolation()) < rank(ISOLATION, demanded.cacheIsolation())) {
      looser.add("cache_isolation must be " + orTighter(ISOLATION, demanded.cacheIsolation()));
    }
    if (rank(REDACTION, policy.redaction()) < rank(REDACTION, demanded.redaction())) {
      looser.add("redaction must be " + orTighter(REDACTION, demanded.redaction()));
    }
    if (!demanded.regions().isEmpty()
        && (policy.regions().isEmpty()
            || !new HashSet<>(demanded.regions()).containsAll(policy.regions()))) {
      looser.add("regions must be some of " + String.join(", ", demanded.regions()));
    }
    return looser;
  }

  /** The tighter of two policies, field by field. No common region leaves a region nobody has. */
  public static ProjectPolicy tighter(ProjectPolicy a, ProjectPolicy b) {
    int days =
        a.retentionDays() == 0 || b.retentionDays() == 0
            ? Math.max(a.retentionDays(), b.retentionDays())
            : Math.min(a.retentionDays(), b.retentionDays());
    return complete(
        new ProjectPolicy(
            a.storePrompts() && b.storePrompts(),
            a.zdr() || b.zdr(),
            a.phi() || b.phi(),
            days,
            tighter(ISOLATION, a.cacheIsolation(), b.cacheIsolation()),
            regions(a.regions(), b.regions()),
            tighter(REDACTION, a.redaction(), b.redaction())));
  }

  private static List<String> regions(List<String> a, List<String> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.isEmpty() ? b : a;
    }
    List<String> common = a.stream().filter(b::contains).toList();
    return common.isEmpty() ? List.of("none") : common;
  }

  private static String tighter(List<String> order, String a, String b) {
    return rank(order, a) >= rank(order, b) ? a : b;
  }

  private static String orTighter(List<String> order, String demanded) {
    return String.join(" or ", order.subList(rank(order, demanded), order.size()));
  }

  /** Unknown names are the loosest, so that they never pass for tight. */
  private static int rank(List<String> order, String name) {
    return Math.max(0, order.indexOf(name));
  }
}
