package io.hadal.engine.serving;

import io.hadal.engine.Engine;
import io.hadal.engine.TextEmbedding;
import io.hadal.model.cache.KvBudgetException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A text whose vector somebody waits for. Used by the engine's thread, but for the result. */
final class EmbeddingJob {
  /** Tokens between two steps of answers, which must not wait for long. */
  private static final int PIECE = 64;

  private final Engine engine;
  private final int[] tokens;
  private final CompletableFuture<float[]> result = new CompletableFuture<>();
  private @Nullable TextEmbedding embedding;

  EmbeddingJob(Engine engine, int[] tokens) {
    this.engine = engine;
    this.tokens = tokens.clone();
  }

  CompletableFuture<float[]> result() {
    return result;
  }

  /**
   * Takes a piece of the text in.
   *
   * @param alone true when nothing else runs
   * @param evict frees some memory, if it can
   * @return true when there is nothing left to do
   */
  boolean step(boolean alone, BooleanSupplier evict) {
    if (result.isDone()) {
      close();
      return true;
    }
    try {
      TextEmbedding open = embedding;
      if (open == null) {
        embedding = open = new TextEmbedding(engine, tokens);
      }
      if (!open.advance(alone ? engine.options().stepTokens() : PIECE)) {
        return false;
      }
      result.complete(open.vector());
    } catch (KvBudgetException e) {
      if (evict.getAsBoolean()) {
        return false;
      }
      // Answers that run go first; later there may be room.
      close();
      if (!alone) {
        return false;
      }
      result.completeExceptionally(e);
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
    close();
    return true;
  }

  /** Gives the text up. */
  void cancel() {
    result.cancel(false);
    close();
  }

  private void close() {
    if (embedding != null) {
      embedding.close();
      embedding = null;
    }
  }
}
