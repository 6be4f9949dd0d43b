package io.hadal.train.tokenizer;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.PreTokenizer;
import io.hadal.train.corpus.Corpus;
import io.hadal.train.corpus.OrderedPool;
import io.hadal.train.corpus.Progress;
import io.hadal.train.corpus.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Trains a byte-level BPE vocabulary on a sample of a corpus' training split. The result depends on
 * the corpus and the settings only, not on the number of threads.
 *
 * @param vocabularySize number of ids, added tokens included
 * @param sampleBytes upper bound (roughly) of the text that is looked at
 * @param maxTokenBytes longest token
 * @param seed chooses the sample
 * @param threads threads that count pieces
 */
public record TokenizerTraining(
    int vocabularySize, long sampleBytes, int maxTokenBytes, long seed, int threads) {
  private static final int MAX_VOCABULARY = 1 << 20;

  public TokenizerTraining {
    int least = TokenizerWriter.fixedTokens();
    if (vocabularySize < least || vocabularySize > MAX_VOCABULARY) {
      throw new IllegalArgumentException(
          "vocabulary size must be "
              + least
              + " (bytes and added tokens) to "
              + MAX_VOCABULARY
              + ", not "
              + vocabularySize);
    }
    if (sampleBytes < 1 || maxTokenBytes < 1 || threads < 1) {
      throw new IllegalArgumentException("sample, token length and threads must be positive");
    }
  }

  /** 8192 ids from 60 MB, tokens of up to 32 bytes. */
  public static TokenizerTraining defaults() {
    return new TokenizerTraining(
        8192, 60_000_000, 32, 1, Runtime.getRuntime().availableProcessors());
  }

  /** What was trained. */
  public record Result(int vocabularySize, long sampleBytes, long documents, int pieces) {}

  /**
   * Writes {@code tokenizer.json} and {@code tokenizer_config.json} into a folder.
   *
   * @throws FormatException when the corpus holds too little text for so many tokens
   */
  public Result run(Corpus corpus, Path folder, Progress progress)
      throws IOException, InterruptedException {
    PreTokenizer preTokenizer = PreTokenizer.deepSeekV3();
    Corpus.Part part = corpus.part(Split.TRAIN);
    double share = Math.min(1, (double) sampleBytes / Math.max(1, part.bytes()));
    ConcurrentLinkedQueue<WordCounts> free = new ConcurrentLinkedQueue<>();
    long[] read = new long[2];
    progress.stage("counting words", part.bytes());
    try (OrderedPool pool = new OrderedPool(threads)) {
      for (Path file : part.files()) {
        try (var documents = Corpus.read(file)) {
          pool.map(
              documents,
              document -> {
                long bytes = document.utf8Length();
                if (document.sample(seed) >= share) {
                  return new long[] {bytes, 0};
                }
                WordCounts counts = free.poll();
                if (counts == null) {
                  counts = new WordCounts(preTokenizer);
                }
                counts.add(document.text());
                free.add(counts);
                return new long[] {bytes, bytes};
              },
              result -> {
                progress.advance(result[0]);
                read[0] += result[1];
                read[1] += result[1] > 0 ? 1 : 0;
              });
        }
      }
    }
    WordCounts all = new WordCounts(preTokenizer);
    free.forEach(all::add);
    int wanted = vocabularySize - TokenizerWriter.fixedTokens();
    progress.stage("merging pairs", Math.max(1, wanted));
    List<BpeTrainer.Merge> merges = BpeTrainer.train(all, wanted, maxTokenBytes, progress::advance);
    if (merges.size() < wanted) {
      throw new FormatException(
          corpus.folder().toString(),
          "holds text for "
              + (TokenizerWriter.fixedTokens() + merges.size())
              + " tokens only, asked were "
              + vocabularySize
              + "; lower --vocab-size or take more text");
    }
    TokenizerWriter writer = new TokenizerWriter(merges);
    Files.createDirectories(folder);
    AtomicFiles.write(folder.resolve("tokenizer_config.json"), writer.configJson());
    AtomicFiles.write(
        folder.resolve("tokenizer.json"), writer.tokenizerJson(preTokenizer.stages()));
    return new Result(vocabularySize, read[0], read[1], all.size());
  }
}
