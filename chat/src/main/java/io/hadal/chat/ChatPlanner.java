package io.hadal.chat;

import io.hadal.engine.serving.GenerationRequest;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.ReasoningEffort;
import io.hadal.formats.prompt.RenderOptions;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ThinkingMode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes of a conversation what the engine needs for its next turn. */
public final class ChatPlanner {
  private static final int DEFAULT_TOKENS = 8192;
  private static final int DEFAULT_REASONING_TOKENS = 65_536;

  private final ServedModel model;
  private final CallMemory memory;
  private final AnswerPolicy policy;
  private final AnswerRules rules;
  private volatile @Nullable Duration timeLimit;

  /**
   * @param timeLimit longest time of a request; null for none
   */
  public ChatPlanner(
      ServedModel model, CallMemory memory, @Nullable Duration timeLimit, AnswerPolicy policy) {
    this.model = model;
    this.memory = memory;
    this.timeLimit = timeLimit;
    this.policy = policy;
    this.rules = new AnswerRules(model);
  }

  /** Another longest time, for requests from now on; null for none. */
  public void timeLimit(@Nullable Duration time) {
    timeLimit = time;
  }

  public ServedModel model() {
    return model;
  }

  public CallMemory memory() {
    return memory;
  }

  /** Whether the answer to this request begins with reasoning. */
  public boolean reasons(ChatRequest request) {
    Boolean wish = request.thinking();
    return (wish == null ? model.profile().thinking() : wish) && !continues(request);
  }

  private static boolean continues(ChatRequest request) {
    List<Message> messages = request.messages();
    return !messages.isEmpty() && messages.getLast().role().equals(Role.ASSISTANT);
  }

  /**
   * Token ids of the prompt.
   *
   * @throws Problem when the conversation cannot be expressed
   */
  public int[] prompt(ChatRequest request) {
    boolean continues = continues(request);
    boolean thinking = request.thinking() == null ? model.profile().thinking() : request.thinking();
    String owner = request.client().cacheKey();
    List<Message> messages =
        TurnMessages.arrange(
            model.dialect(),
            request.messages().stream().map(m -> memory.recall(owner, m)).toList(),
            request.toolChoice() instanceof ToolChoice.None ? List.of() : request.tools());
    if (continues) {
      Message last = messages.removeLast();
      messages.add(last.toBuilder().withoutEos(true).build());
    }
    RenderOptions options =
        RenderOptions.of(thinking ? ThinkingMode.THINKING : ThinkingMode.CHAT)
            .withEffort(
                thinking ? Efforts.of(model.dialect(), request.effort()) : ReasoningEffort.DEFAULT);
    try {
      return model.tokenize(model.encoder().encode(messages, options));
    } catch (FormatException e) {
      throw Problem.inexpressible(String.valueOf(e.getMessage()));
    }
  }

  /**
   * The request as a turn.
   *
   * @throws Problem when it cannot be served
   */
  public TurnRequest plan(ChatRequest request) {
    boolean reasons = reasons(request);
    boolean offersTools =
        !request.tools().isEmpty() && !(request.toolChoice() instanceof ToolChoice.None);
    if (request.choices() > 1 && offersTools && reasons) {
      throw Problem.unsupported("n", "must be 1 with tools and reasoning");
    }
    int[] prompt = prompt(request);
    if (prompt.length >= model.context()) {
      throw Problem.contextLength(prompt.length, model.context());
    }
    int most = model.context();
    int max = request.maxTokens().orElse(reasons ? DEFAULT_REASONING_TOKENS : DEFAULT_TOKENS);
    if (request.maxTokens().isPresent() && max > most && !request.clampMaxTokens()) {
      throw Problem.invalid("max_tokens", "is " + max + "; this model gives at most " + most);
    }
    AnswerRules.Rules answer = rules.of(policy.answerTo(request), reasons, Math.min(max, most));
    PriorityClass priority =
        request.client().background()
            ? PriorityClass.SHADOW
            : request.priority() != null
                ? request.priority()
                : offersTools ? PriorityClass.AGENT : PriorityClass.INTERACTIVE;
    GenerationRequest generation =
        new GenerationRequest.Builder(prompt, Math.min(max, most), request.client().tenant())
            .sampling(request.sampling().options(reasons))
            .stopIds(model.chatStops())
            .topLogprobs(request.topLogprobs())
            .constraint(answer.constraint())
            .priority(priority)
            .cacheKey(request.client().kept() ? request.client().cacheKey() : null)
            .prefixLimits(request.client().prefixLimits())
            .timeLimit(timeLimit)
            .choices(request.choices())
            .build();
    return new TurnRequest(
        generation,
        reasons ? ThinkingMode.THINKING : ThinkingMode.CHAT,
        request.stops(),
        offersTools && !request.parallelCalls(),
        answer.ignored());
  }

  /** A turn that continues or fills in plain text. */
  public TurnRequest text(
      int[] prompt,
      int maxTokens,
      Sampling sampling,
      List<String> stops,
      int topLogprobs,
      int choices,
      boolean fill,
      AnswerFormat format,
      ChatRequest.Client client) {
    AnswerRules.Rules answer = rules.text(format);
    return new TurnRequest(
        new GenerationRequest.Builder(prompt, Math.min(maxTokens, model.context()), client.tenant())
            .sampling(sampling.options(false))
            .stopIds(fill ? model.fillStops() : model.textStops())
            .topLogprobs(topLogprobs)
            .constraint(answer.constraint())
            .priority(
                client.background()
                    ? PriorityClass.SHADOW
                    : fill ? PriorityClass.FIM : PriorityClass.INTERACTIVE)
            .cacheKey(client.kept() ? client.cacheKey() : null)
            .prefixLimits(client.prefixLimits())
            .timeLimit(timeLimit)
            .choices(choices)
            .build(),
        null,
        stops,
        false,
        answer.ignored());
  }
}
