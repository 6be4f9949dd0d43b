package io.hadal.formats.prompt;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The prompt format of a model release: everything in which the releases differ. What they share is
 * in {@link PromptEncoder} and the parsers.
 */
public final class PromptDialect {
  private static final Map<String, String> TASKS = tasks();

  private static final String EFFORT_MAX =
      """
      Reasoning Effort: Absolute maximum with no shortcuts permitted.
      You MUST be very thorough in your thinking and comprehensively decompose the problem to \
      resolve the root cause, rigorously stress-testing your logic against all potential paths, \
      edge cases, and adversarial scenarios.
      Explicitly write out your entire deliberation process, documenting every intermediate step, \
      considered alternative, and rejected hypothesis to ensure absolutely no assumption is left \
      unchecked.

      """;

  private static final String EFFORT_BEYOND_MAX =
      """
      Reasoning Effort: Beyond maximum — exhaustive, relentless, and uncompromising.
      You MUST reason with the utmost depth and rigor, leaving absolutely nothing to chance: \
      exhaustively decompose the problem into its most fundamental components, trace every causal \
      chain to its root, and resolve the underlying cause rather than any surface symptom.
      Do not stop reasoning until you have independently verified the solution from multiple \
      angles and are certain that no assumption remains unchecked and no error remains \
      undiscovered.

      """;

  private static final ToolMarkup V4_MARKUP = new ToolMarkup("tool_calls", "invoke", "parameter");

  /** DeepSeek-V4, first releases. Efforts: none (default), high, max. */
  public static final PromptDialect V4 =
      v4("deepseek-v4", Map.of("none", "", "high", "", "max", EFFORT_MAX), "none");

  /** DeepSeek-V4 releases 0731 and 0813. Efforts: none, low (default), high, max. */
  public static final PromptDialect V4_GRADED_EFFORT =
      v4(
          "deepseek-v4-0731",
          Map.of("none", "", "low", "", "high", EFFORT_MAX, "max", EFFORT_BEYOND_MAX),
          "none");

  /** DeepSeek-V4.1. Efforts: 1 to 100 (default 75), low, high, max. */
  public static final PromptDialect V4_1 =
      new PromptDialect(
          "deepseek-v4.1",
          new ToolMarkup(" calls", " invoke", " parameter"),
          new EffortStyle.Levels(Map.of("low", 50, "high", 75, "max", 100), 75),
          SpecialTokens.SYSTEM,
          SpecialTokens.IMAGE,
          MessageRules.V4_1);

  private final String name;
  private final ToolMarkup markup;
  private final EffortStyle effort;
  private final @Nullable String systemToken;
  private final @Nullable String imagePlaceholder;
  private final MessageRules rules;

  private PromptDialect(
      String name,
      ToolMarkup markup,
      EffortStyle effort,
      @Nullable String systemToken,
      @Nullable String imagePlaceholder,
      MessageRules rules) {
    this.name = name;
    this.markup = markup;
    this.effort = effort;
    this.systemToken = systemToken;
    this.imagePlaceholder = imagePlaceholder;
    this.rules = rules;
  }

  private static PromptDialect v4(String name, Map<String, String> efforts, String fallback) {
    return new PromptDialect(
        name, V4_MARKUP, new EffortStyle.Texts(efforts, fallback), null, null, MessageRules.V4);
  }

  /** Name of the release line. */
  public String name() {
    return name;
  }

  ToolMarkup markup() {
    return markup;
  }

  EffortStyle effort() {
    return effort;
  }

  /** Token before system text; null where system text stands bare at the start (V4). */
  @Nullable String systemToken() {
    return systemToken;
  }

  /** Token standing for an image; null where images cannot be expressed. */
  @Nullable String imagePlaceholder() {
    return imagePlaceholder;
  }

  MessageRules rules() {
    return rules;
  }

  /** Whether system text in mid-conversation is a turn of its own; if not, it stands bare. */
  public boolean laterSystemTurns() {
    return systemToken != null;
  }

  /** How answers call tools. */
  public CallMarkup callMarkup() {
    return CallMarkup.of(markup);
  }

  /** Whether a message of this role at this index starts a turn the assistant answers. */
  boolean userLike(Role role, int index) {
    return role.equals(Role.USER)
        || (rules.developerRole() && role.equals(Role.DEVELOPER))
        || (systemToken != null && index > 0 && role.equals(Role.SYSTEM));
  }

  /** Token of a quick-instruction task, null if there is no such task. */
  static @Nullable String taskToken(String task) {
    return TASKS.get(task);
  }

  private static Map<String, String> tasks() {
    Map<String, String> tasks = new HashMap<>();
    for (String task : List.of("action", "query", "authority", "domain", "title", "read_url")) {
      tasks.put(task, "<｜" + task + "｜>");
    }
    return Map.copyOf(tasks);
  }
}
