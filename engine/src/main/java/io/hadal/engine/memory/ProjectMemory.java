package io.hadal.engine.memory;

import io.hadal.formats.tokenizer.Tokenizer;

/**
 * What the files of a project say about the next token. Beside a model it predicts what the project
 * repeats: names, phrases, whole lines. Small, exact, without training, and forgotten with the
 * object.
 *
 * <p>Deterministic: the same files in the same order give the same predictions. Files may be learnt
 * between two texts, not while one is written. Not thread-safe.
 */
public final class ProjectMemory {
  /** Pairs of context and follower that are kept: some 250,000 tokens of distinct text. */
  private static final int CAPACITY = 1 << 21;

  private final MemoryWeights weights;
  private final boolean[] marks;
  private final ContextCounts counts = new ContextCounts(CAPACITY);

  /** An empty memory for texts of a tokenizer. */
  public ProjectMemory(Tokenizer tokenizer, MemoryWeights weights) {
    this.weights = weights;
    this.marks = new boolean[tokenizer.vocabSize()];
    for (int id = 0; id < marks.length; id++) {
      marks[id] = tokenizer.isAdded(id) || tokenizer.isSpecial(id);
    }
  }

  /** Learns a file of the project. */
  public void learn(int[] tokens) {
    learn(counts, tokens);
  }

  private void learn(ContextCounts into, int[] tokens) {
    RecentTokens recent = new RecentTokens();
    for (int id : tokens) {
      if (!mark(id)) {
        into.add(recent, id);
        recent.append(id);
      }
    }
  }

  /** Whether an id stands for no text; the memory leaves its probability to the model. */
  boolean mark(int id) {
    return id >= marks.length || marks[id];
  }

  MemoryWeights weights() {
    return weights;
  }

  /** Begins a file that is being written. */
  public OpenText open() {
    ContextCounts file = new ContextCounts(CAPACITY);
    return new OpenText(this, file, new Mixture(file, counts));
  }

  void learnElsewhere(ContextCounts file, int[] tokens) {
    learn(file, tokens);
  }
}
