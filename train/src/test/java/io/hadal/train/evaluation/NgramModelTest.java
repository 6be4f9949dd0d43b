package io.hadal.train.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.train.corpus.EncodedCorpus;
import io.hadal.train.corpus.EncodedSplit;
import io.hadal.train.corpus.Progress;
import io.hadal.train.corpus.Split;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NgramModelTest {
  @TempDir private Path folder = Path.of("");

  private NgramModel model(int vocabulary, int order, int[]... samples) throws IOException {
    int tokens = 0;
    for (int[] sample : samples) {
      tokens += sample.length;
    }
    ByteBuffer ids = ByteBuffer.allocate(2 * tokens).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer starts = ByteBuffer.allocate(8 * samples.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    for (int[] sample : samples) {
      starts.putLong(ids.position() / 2);
      for (int id : sample) {
        ids.putShort((short) id);
      }
    }
    starts.putLong(tokens);
    Files.createDirectories(folder.resolve("train"));
    Files.write(folder.resolve("train/tokens.bin"), ids.array());
    Files.write(folder.resolve("train/documents.bin"), starts.array());
    Files.write(folder.resolve("token_bytes.bin"), new byte[2 * vocabulary]);
    Files.writeString(
        folder.resolve("meta.json"),
        """
        {"format": "hadal-tokens-1", "dtype": "u16", "vocab_size": %d, "bos_id": 0, "eos_id": 1,
         "splits": {"train": {"tokens": %d, "documents": %d, "text_bytes": 0}}}
        """
            .formatted(vocabulary, tokens, samples.length));
    try (EncodedSplit split = EncodedCorpus.open(folder).split(Split.TRAIN)) {
      return NgramModel.count(split, vocabulary, order, tokens, 1, Progress.NONE);
    }
  }

  @Test
  void byHand() throws IOException {
    NgramModel model = model(4, 2, new int[] {0, 2, 3, 2, 3, 1});
    double[] p = new double[3];
    model.probabilities(new int[] {0, 2, 3}, 2, p);
    // D1 = 2 / (2 + 2 * 2), D2 = 3 / (3 + 2 * 1).
    double unigram = (2 - 1 / 3.0) / 6 + 1 / 3.0 * 4 / 6 / 4;
    assertThat(p[0]).isEqualTo(0.25);
    assertThat(p[1]).isCloseTo(unigram, within(1e-12));
    assertThat(p[2]).isCloseTo((2 - 0.6) / 2 + 0.6 * 1 / 2 * unigram, within(1e-12));
  }

  @Test
  void probabilitiesSumToOne() throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    int[][] samples = new int[40][];
    for (int s = 0; s < samples.length; s++) {
      samples[s] = new int[200];
      for (int i = 1; i < 199; i++) {
        samples[s][i] = 2 + random.nextInt(1 + random.nextInt(28));
      }
      samples[s][199] = 1;
    }
    NgramModel model = model(32, 4, samples);
    assertThat(model.tokens()).isEqualTo(8000);
    double[] p = new double[5];
    for (int at : new int[] {1, 2, 3, 10, 150}) {
      double[] sum = new double[5];
      for (int id = 0; id < 32; id++) {
        int[] ids = samples[0].clone();
        ids[at] = id;
        model.probabilities(ids, at, p);
        for (int k = 0; k < 5; k++) {
          sum[k] += p[k];
        }
      }
      assertThat(sum).containsExactly(new double[] {1, 1, 1, 1, 1}, within(1e-9));
    }
  }
}
