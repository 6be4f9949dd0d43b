package io.hadal.spring;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.tool.ToolCallback;

/** Spring AI's options with those that Hadal has beside them. */
public final class HadalChatOptions extends DefaultToolCallingChatOptions
    implements StructuredOutputChatOptions {
  private final @Nullable String outputSchema;
  private final @Nullable Boolean thinking;
  private final @Nullable Boolean toolRequired;
  private final @Nullable Long seed;

  private HadalChatOptions(
      Builder builder, List<ToolCallback> tools, Map<String, Object> toolContext) {
    super(
        tools,
        toolContext,
        builder.modelName(),
        builder.frequency(),
        builder.most(),
        builder.presence(),
        builder.stops(),
        builder.heat(),
        builder.k(),
        builder.p());
    this.outputSchema = builder.outputSchema;
    this.thinking = builder.thinking;
    this.toolRequired = builder.toolRequired;
    this.seed = builder.seed;
  }

  /** Options of which nothing is set yet. */
  public static Builder builder() {
    return new Builder();
  }

  /** JSON schema that answers follow token by token; null for none. */
  @Override
  public @Nullable String getOutputSchema() {
    return outputSchema;
  }

  /** Whether to reason; null for what the model does by itself. */
  public @Nullable Boolean getThinking() {
    return thinking;
  }

  /** True when the answer must be a call of a tool. */
  public @Nullable Boolean getToolRequired() {
    return toolRequired;
  }

  /** Seed of sampling; null for a random one. */
  public @Nullable Long getSeed() {
    return seed;
  }

  @Override
  public Builder mutate() {
    Builder builder =
        new Builder()
            .model(getModel())
            .frequencyPenalty(getFrequencyPenalty())
            .maxTokens(getMaxTokens())
            .presencePenalty(getPresencePenalty())
            .stopSequences(getStopSequences())
            .temperature(getTemperature())
            .topK(getTopK())
            .topP(getTopP())
            .toolCallbacks(getToolCallbacks())
            .toolContext(getToolContext());
    return builder
        .outputSchema(outputSchema)
        .thinking(thinking)
        .toolRequired(toolRequired)
        .seed(seed);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return super.equals(other)
        && other instanceof HadalChatOptions that
        && java.util.Objects.equals(outputSchema, that.outputSchema)
        && java.util.Objects.equals(thinking, that.thinking)
        && java.util.Objects.equals(toolRequired, that.toolRequired)
        && java.util.Objects.equals(seed, that.seed);
  }

  @Override
  public int hashCode() {
    return java.util.Objects.hash(super.hashCode(), outputSchema, thinking, toolRequired, seed);
  }

  /** Collects options. */
  public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
      implements StructuredOutputChatOptions.Builder<Builder> {
    private @Nullable String outputSchema;
    private @Nullable Boolean thinking;
    private @Nullable Boolean toolRequired;
    private @Nullable Long seed;

    private Builder() {}

    @Override
    public Builder outputSchema(@Nullable String value) {
      outputSchema = value;
      return this;
    }

    /** Whether to reason before answering. */
    public Builder thinking(@Nullable Boolean value) {
      thinking = value;
      return this;
    }

    /** Whether the answer must be a call of a tool. */
    public Builder toolRequired(@Nullable Boolean value) {
      toolRequired = value;
      return this;
    }

    /** Seed of sampling, for answers that can be repeated. */
    public Builder seed(@Nullable Long value) {
      seed = value;
      return this;
    }

    @Override
    public Builder combineWith(ChatOptions.Builder<?> other) {
      super.combineWith(other);
      if (other instanceof Builder that) {
        outputSchema = that.outputSchema != null ? that.outputSchema : outputSchema;
        thinking = that.thinking != null ? that.thinking : thinking;
        toolRequired = that.toolRequired != null ? that.toolRequired : toolRequired;
        seed = that.seed != null ? that.seed : seed;
      }
      return this;
    }

    private @Nullable String modelName() {
      return model;
    }

    private @Nullable Double frequency() {
      return frequencyPenalty;
    }

    private @Nullable Integer most() {
      return maxTokens;
    }

    private @Nullable Double presence() {
      return presencePenalty;
    }

    private @Nullable List<String> stops() {
      return stopSequences;
    }

    private @Nullable Double heat() {
      return temperature;
    }

    private @Nullable Integer k() {
      return topK;
    }

    private @Nullable Double p() {
      return topP;
    }

    @Override
    public HadalChatOptions build() {
      return new HadalChatOptions(
          this,
          toolCallbacks == null ? List.of() : toolCallbacks,
          toolContext == null ? Map.of() : toolContext);
    }
  }
}
