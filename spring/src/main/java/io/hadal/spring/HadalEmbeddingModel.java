package io.hadal.spring;

import io.hadal.chat.Hadal;
import io.hadal.chat.Problem;
import io.hadal.chat.ServedModel;
import java.util.ArrayList;
import java.util.List;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * Vectors of texts, computed in this process: means of final hidden states, of length 1.
 * Experimental; see {@link io.hadal.engine.TextEmbedding}. Safe for concurrent use.
 */
public final class HadalEmbeddingModel implements EmbeddingModel {
  private final ServedModel model;

  /**
   * Vectors of a model.
   *
   * @param hadal stays the caller's to close
   */
  public HadalEmbeddingModel(Hadal hadal) {
    this.model = hadal.model();
  }

  /**
   * The vectors of texts.
   *
   * @throws Problem when there are none, for example because a text is too long
   */
  @Override
  public EmbeddingResponse call(EmbeddingRequest request) {
    List<Embedding> vectors = new ArrayList<>();
    int tokens = 0;
    for (String text : request.getInstructions()) {
      int[] ids = model.tokenizeText(text);
      vectors.add(new Embedding(model.vector(model.embed(ids)), vectors.size()));
      tokens += ids.length;
    }
    return new EmbeddingResponse(
        vectors,
        new EmbeddingResponseMetadata(model.profile().name(), new DefaultUsage(tokens, 0, tokens)));
  }

  @Override
  public float[] embed(Document document) {
    String text = getEmbeddingContent(document);
    return embed(text == null ? "" : text);
  }

  @Override
  public int dimensions() {
    return model.config().hiddenSize();
  }
}
