package io.hadal.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import io.hadal.chat.Hadal;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What chat models are made of.
 *
 * @param <B> the builder itself
 * @param <M> the model
 */
public abstract class HadalModelBuilder<B extends HadalModelBuilder<B, M>, M> {
  private @Nullable Hadal hadal;
  private ChatRequestParameters parameters = DefaultChatRequestParameters.EMPTY;
  private List<ChatModelListener> listeners = List.of();
  private @Nullable Boolean thinking;
  private @Nullable String effort;
  private @Nullable Long seed;

  HadalModelBuilder() {}

  abstract B self();

  /** The model with its settings. */
  public abstract M build();

  /** The loaded model, which stays the caller's to close; several models may share it. */
  public B hadal(Hadal value) {
    hadal = value;
    return self();
  }

  /** Parameters of requests that do not set them. */
  public B defaultRequestParameters(ChatRequestParameters value) {
    parameters = value;
    return self();
  }

  /** Told about requests, answers and errors. */
  public B listeners(List<ChatModelListener> value) {
    listeners = List.copyOf(value);
    return self();
  }

  /** Whether to reason before answering. Default: as the model does by itself. */
  public B thinking(@Nullable Boolean value) {
    thinking = value;
    return self();
  }

  /** How much to reason: low, high or max. */
  public B effort(@Nullable String value) {
    effort = value;
    return self();
  }

  /** Seed of sampling, for answers that can be repeated. Default: random. */
  public B seed(@Nullable Long value) {
    seed = value;
    return self();
  }

  Turns turns() {
    return new Turns(
        Objects.requireNonNull(hadal, "hadal is not set"),
        parameters,
        listeners,
        thinking,
        effort,
        seed);
  }
}
