package io.hadal.platform.tenancy;

import io.hadal.formats.FormatException;
import io.hadal.platform.redaction.RedactionMode;
import io.hadal.platform.redaction.RedactionRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What holds for the content of a project. A key or a request can only tighten it.
 *
 * @param storePrompts whether bodies may be kept
 * @param zdr zero data retention: nothing of a request outlives it
 * @param phi content is health information: only backends under a contract
 * @param retentionDays days that metadata of requests ties them to people; 0 for ever
 * @param cacheIsolation what shares prompt caches: {@code project}, {@code key} or {@code user}
 * @param regions regions a backend may be in; empty for all
 * @param redaction {@code off}, {@code detect}, {@code mask}, {@code pseudonymise} or {@code block}
 *     for requests
 * @param redactionRules what is looked for, and what happens to answers
 * @param cacheBytes most bytes of prompts that an engine retains in memory for it, and as many on
 *     disk; 0 for no bound of its own
 * @param cacheSeconds seconds after which a prompt that nobody used is forgotten; 0 for no such
 *     time
 * @param jobDays days that jobs which make videos are known when they are done; 0 for as long as
 *     anybody's
 */
public record ProjectPolicy(
    boolean storePrompts,
    boolean zdr,
    boolean phi,
    int retentionDays,
    String cacheIsolation,
    List<String> regions,
    String redaction,
    RedactionRules redactionRules,
    long cacheBytes,
    int cacheSeconds,
    int jobDays) {
  /** Nothing is kept, nothing is restricted. */
  public static final ProjectPolicy DEFAULT =
      new ProjectPolicy(false, false, false, 0, "project", List.of(), "off");

  /** The bound that bounds nothing, of organisations and teams without one. */
  public static final ProjectPolicy OPEN =
      new ProjectPolicy(true, false, false, 0, "project", List.of(), "off");

  /** A region no backend is in: what remains when two lists have nothing in common. */
  public static final String NO_REGION = "-";

  /** From the loosest to the tightest. */
  private static final List<String> ISOLATIONS = List.of("project", "key", "user");

  private static final List<String> REDACTIONS =
      List.of("off", "detect", "pseudonymise", "mask", "block");

  private static final int MOST_DAYS = 36_500;
  private static final long MOST_BYTES = 1L << 50;
  private static final int MOST_SECONDS = 365 * 86_400;
  private static final int MOST_REGIONS = 50;

  private static final Set<String> FIELDS =
      Set.of(
          "store_prompts",
          "zdr",
          "phi",
          "retention_days",
          "retention_job_days",
          "cache_isolation",
          "regions",
          "redaction",
          "cache_bytes",
          "cache_seconds");

  public ProjectPolicy {
    regions = List.copyOf(regions);
  }

  /** A policy that looks for everything, in requests only. */
  public ProjectPolicy(
      boolean storePrompts,
      boolean zdr,
      boolean phi,
      int retentionDays,
      String cacheIsolation,
      List<String> regions,
      String redaction) {
    this(
        storePrompts,
        zdr,
        phi,
        retentionDays,
        cacheIsolation,
        regions,
        redaction,
        RedactionRules.STANDARD,
        0,
        0,
        0);
  }

  /** This policy inside a bound: of each switch the tighter one. */
  public ProjectPolicy within(ProjectPolicy bound) {
    return new ProjectPolicy(
        storePrompts && bound.storePrompts,
        zdr || bound.zdr,
        phi || bound.phi,
        (int) lesser(retentionDays, bound.retentionDays),
        tighter(ISOLATIONS, cacheIsolation, bound.cacheIsolation),
        common(regions, bound.regions),
        tighter(REDACTIONS, redaction, bound.redaction),
        redactionRules.within(bound.redactionRules),
        lesser(cacheBytes, bound.cacheBytes),
        (int) lesser(cacheSeconds, bound.cacheSeconds),
        (int) lesser(jobDays, bound.jobDays));
  }

  /** The lesser of two bounds, where 0 is none. */
  private static long lesser(long a, long b) {
    return a == 0 || b == 0 ? Math.max(a, b) : Math.min(a, b);
  }

  /**
   * What happens to texts of a request that asks for something itself: the tighter of both.
   *
   * @param asked name of a mode; it is known
   */
  public RedactionMode redaction(String asked) {
    return RedactionMode.of(tighter(REDACTIONS, redaction, asked));
  }

  /** What follows from the switches: health information is not retained unless days are given. */
  public ProjectPolicy effective() {
    boolean nothing = zdr || (phi && retentionDays == 0);
    return new ProjectPolicy(
        storePrompts && !nothing,
        nothing,
        phi,
        retentionDays,
        cacheIsolation,
        regions,
        redaction,
        redactionRules,
        cacheBytes,
        cacheSeconds,
        jobDays);
  }

  private static String tighter(List<String> order, String a, String b) {
    return order.indexOf(a) >= order.indexOf(b) ? a : b;
  }

  private static List<String> common(List<String> a, List<String> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.isEmpty() ? b : a;
    }
    List<String> both = a.stream().filter(b::contains).toList();
    return both.isEmpty() ? List.of(NO_REGION) : both;
  }

  /**
   * Passes when no switch is looser than that of the bound.
   *
   * @throws FormatException that names the first one that is
   */
  public void requireWithin(ProjectPolicy bound) {
    ProjectPolicy tightened = within(bound);
    String field =
        storePrompts != tightened.storePrompts
            ? "store_prompts"
            : zdr != tightened.zdr
                ? "zdr"
                : phi != tightened.phi
                    ? "phi"
                    : retentionDays != tightened.retentionDays
                        ? "retention_days"
                        : !cacheIsolation.equals(tightened.cacheIsolation)
                            ? "cache_isolation"
                            : !regions.equals(tightened.regions)
                                ? "regions"
                                : !redaction.equals(tightened.redaction)
                                    ? "redaction"
                                    : redactionRules.answers() != tightened.redactionRules.answers()
                                        ? "redaction_answers"
                                        : cacheBytes != tightened.cacheBytes
                                            ? "cache_bytes"
                                            : cacheSeconds != tightened.cacheSeconds
                                                ? "cache_seconds"
                                                : jobDays != tightened.jobDays
                                                    ? "retention_job_days"
                                                    : "";
    if (!field.isEmpty()) {
      throw new FormatException(
          "policy." + field, "may only be tightened; the team or org above is stricter");
    }
  }

  /** As JSON. */
  public ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("store_prompts", storePrompts)
        .put("zdr", zdr)
        .put("phi", phi)
        .put("retention_days", retentionDays)
        .put("retention_job_days", jobDays)
        .put("cache_isolation", cacheIsolation)
        .put("redaction", redaction)
        .put("cache_bytes", cacheBytes)
        .put("cache_seconds", cacheSeconds);
    ArrayNode list = json.putArray("regions");
    regions.forEach(list::add);
    redactionRules.write(json);
    return json;
  }

  /**
   * This policy with the fields of some JSON in place of its own.
   *
   * @throws FormatException when a field is unknown or of the wrong kind
   */
  public ProjectPolicy with(JsonNode json) {
    if (!json.isObject()) {
      throw new FormatException("policy", "must be an object");
    }
    for (String name : json.propertyNames()) {
      if (!FIELDS.contains(name) && !RedactionRules.FIELDS.contains(name)) {
        throw new FormatException("policy." + name, "is unknown");
      }
    }
    return new ProjectPolicy(
        flag(json, "store_prompts", storePrompts),
        flag(json, "zdr", zdr),
        flag(json, "phi", phi),
        (int) whole(json, "retention_days", retentionDays, MOST_DAYS),
        choice(json, "cache_isolation", cacheIsolation, ISOLATIONS),
        regions(json, regions),
        choice(json, "redaction", redaction, REDACTIONS),
        redactionRules.with(json),
        whole(json, "cache_bytes", cacheBytes, MOST_BYTES),
        (int) whole(json, "cache_seconds", cacheSeconds, MOST_SECONDS),
        (int) whole(json, "retention_job_days", jobDays, MOST_DAYS));
  }

  private static boolean flag(JsonNode json, String name, boolean fallback) {
    JsonNode value = json.get(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw new FormatException("policy." + name, "must be true or false");
    }
    return value.booleanValue();
  }

  private static long whole(JsonNode json, String name, long fallback, long most) {
    JsonNode value = json.get(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 0
        || value.longValue() > most) {
      throw new FormatException("policy." + name, "must be a whole number from 0 to " + most);
    }
    return value.longValue();
  }

  private static String choice(JsonNode json, String name, String fallback, List<String> choices) {
    JsonNode value = json.get(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isString() || !choices.contains(value.stringValue())) {
      throw new FormatException("policy." + name, "must be one of " + String.join(", ", choices));
    }
    return value.stringValue();
  }

  private static List<String> regions(JsonNode json, List<String> fallback) {
    JsonNode value = json.get("regions");
    if (value == null) {
      return fallback;
    }
    if (!value.isArray() || value.size() > MOST_REGIONS) {
      throw new FormatException(
          "policy.regions", "must be a list of at most " + MOST_REGIONS + " names");
    }
    List<String> names = new ArrayList<>();
    for (JsonNode item : value) {
      if (!item.isString() || !item.stringValue().matches("[a-z0-9][a-z0-9-]{0,39}")) {
        throw new FormatException("policy.regions", "must be names of small letters, digits and -");
      }
      names.add(item.stringValue());
    }
    return names;
  }
}
