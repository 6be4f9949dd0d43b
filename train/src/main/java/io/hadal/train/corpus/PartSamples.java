package io.hadal.train.corpus;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/** The training samples of a project, part by part of a mix. */
final class PartSamples {
  /** Files that the compiler is started for together. */
  private static final int CHUNK = 32;

  private final TrainingMix mix;
  private final TaskSource tasks;
  private final EncodingOptions options;
  private final SampleEncoder encoder;
  private final OrderedPool pool;
  private final Progress progress;

  PartSamples(
      TrainingMix mix,
      TaskSource tasks,
      EncodingOptions options,
      SampleEncoder encoder,
      OrderedPool pool,
      Progress progress) {
    this.mix = mix;
    this.tasks = tasks;
    this.options = options;
    this.encoder = encoder;
    this.pool = pool;
    this.progress = progress;
  }

  /**
   * Writes the samples of a part.
   *
   * @param file of the project, in import order
   * @param round how often the part was used before
   */
  void write(TrainingPart part, Path file, int round, Piece.Sink sink)
      throws IOException, InterruptedException {
    switch (part) {
      case CODE, DOCS -> files(part, file, round, sink);
      case PROJECT -> packs(documents(file), round, sink);
      case SYNTHETIC -> exercises(documents(file), round, sink);
    }
  }

  private static List<Document> documents(Path file) throws IOException {
    List<Document> documents = new ArrayList<>();
    try (DocumentReader reader = Corpus.read(file)) {
      reader.forEachRemaining(documents::add);
    }
    return documents;
  }

  private void files(TrainingPart part, Path file, int round, Piece.Sink sink)
      throws IOException, InterruptedException {
    int passes = options.passes();
    for (int pass = 0; pass < passes; pass++) {
      int times = pass;
      try (DocumentReader reader = Corpus.read(file)) {
        pool.map(
            reader,
            document ->
                mix.of(document, options.seed()) == part && options.taken(document, times)
                    ? encoder.training(document, round * passes + times)
                    : List.<int[]>of(),
            samples -> samples.forEach(ids -> sink.accept(Sample.whole(ids))));
      }
    }
    progress.advance(1);
  }

  private void packs(List<Document> documents, int round, Piece.Sink sink)
      throws InterruptedException {
    int n = documents.size();
    List<int[]> imports = ImportOrder.imports(documents);
    boolean[] members = new boolean[n];
    boolean[] needed = new boolean[n];
    for (int i = 0; i < n; i++) {
      Document document = documents.get(i);
      members[i] =
          mix.of(document, options.seed()) == TrainingPart.PROJECT && options.taken(document, 0);
      if (members[i]) {
        needed[i] = true;
        for (int other : imports.get(i)) {
          needed[other] = true;
        }
      }
    }
    int[] lengths = new int[n];
    int[] next = {0};
    pool.map(
        IntStream.range(0, n).iterator(),
        i -> needed[i] ? encoder.packedLength(documents.get(i)) : Integer.MAX_VALUE,
        length -> lengths[next[0]++] = length);
    int limit = n == 0 ? 0 : mix.packTokens() - encoder.packFrame(documents.getFirst());
    List<int[]> packs = new ProjectPacks(imports, lengths, members, limit).pack();
    pool.map(
        packs.iterator(),
        pack -> encoder.packed(IntStream.of(pack).mapToObj(documents::get).toList(), round),
        ids -> sink.accept(Sample.whole(ids)));
    progress.advance(1);
  }

  private void exercises(List<Document> documents, int round, Piece.Sink sink)
      throws InterruptedException {
    long seed = options.seed() + round;
    List<Document> chosen =
        documents.stream()
            .sorted(Comparator.comparingDouble(d -> d.sample(seed)))
            .limit(mix.tasksPerProject())
            .toList();
    int[] left = {mix.tasksPerProject()};
    for (Task task : tasks.ofProject(documents, round)) {
      if (left[0]-- > 0) {
        sink.accept(encoder.task(task));
      }
    }
    pool.map(
        chunks(chosen),
        chunk -> tasks.ofFiles(chunk, round).stream().map(encoder::task).toList(),
        samples -> {
          for (Sample sample : samples) {
            if (left[0]-- > 0) {
              sink.accept(sample);
            }
          }
        });
    progress.advance(1);
  }

  private static Iterator<List<Document>> chunks(List<Document> documents) {
    return IntStream.iterate(0, i -> i < documents.size(), i -> i + CHUNK)
        .mapToObj(i -> documents.subList(i, Math.min(documents.size(), i + CHUNK)))
        .iterator();
  }
}
