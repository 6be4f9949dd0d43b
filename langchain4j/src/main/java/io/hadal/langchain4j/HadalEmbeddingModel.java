package io.hadal.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.TokenUsage;
import io.hadal.chat.Hadal;
import io.hadal.chat.ServedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Vectors of texts, computed in this process: means of final hidden states, of length 1.
 * Experimental; see {@link io.hadal.engine.TextEmbedding}. Safe for concurrent use.
 */
public final class HadalEmbeddingModel implements EmbeddingModel {
  private final ServedModel model;
  private final List<EmbeddingModelListener> listeners;

  private HadalEmbeddingModel(ServedModel model, List<EmbeddingModelListener> listeners) {
    this.model = model;
    this.listeners = listeners;
  }

  /** A model to be made. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    List<Embedding> vectors = new ArrayList<>();
    int tokens = 0;
    try {
      for (EmbeddingInput input : request.inputs()) {
        int[] ids = model.tokenizeText(input.text());
        vectors.add(Embedding.from(model.vector(model.embed(ids))));
        tokens += ids.length;
      }
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
    return EmbeddingResponse.builder()
        .embeddings(vectors)
        .modelName(modelName())
        .tokenUsage(new TokenUsage(tokens, 0, tokens))
        .build();
  }

  @Override
  public List<EmbeddingModelListener> listeners() {
    return listeners;
  }

  @Override
  public ModelProvider provider() {
    return ModelProvider.OTHER;
  }

  @Override
  public int dimension() {
    return model.config().hiddenSize();
  }

  @Override
  public String modelName() {
    return model.profile().name();
  }

  /** Collects what a model is made of. */
  public static final class Builder {
    private @Nullable Hadal hadal;
    private List<EmbeddingModelListener> listeners = List.of();

    private Builder() {}

    /** The loaded model, which stays the caller's to close. */
    public Builder hadal(Hadal value) {
      hadal = value;
      return this;
    }

    /** Told about requests, answers and errors. */
    public Builder listeners(List<EmbeddingModelListener> value) {
      listeners = List.copyOf(value);
      return this;
    }

    public HadalEmbeddingModel build() {
      return new HadalEmbeddingModel(
          Objects.requireNonNull(hadal, "hadal is not set").model(), listeners);
    }
  }
}
