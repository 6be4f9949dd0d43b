package io.hadal.engine.capacity;

import io.hadal.engine.serving.PriorityClass;
import io.hadal.engine.serving.SimulatedRequest;
import io.hadal.formats.FormatException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** Requests as they come: samples of what they ask for, which arrive at random times. */
public final class Workload {
  private static final int MOST = 1_000_000;
  private static final int SAMPLES = 1000;

  /** Spread of lengths around their mean: the 95th percentile is about 3.3 times the median. */
  private static final double SIGMA = 0.73;

  private static final String HEADER = "class,tenant,prompt_tokens,cached_tokens,output_tokens";

  /** What one request asks for. */
  private record Sample(
      PriorityClass priority, String tenant, int prompt, int cached, int output) {}

  private final List<Sample> samples;

  private Workload(List<Sample> samples) {
    this.samples = List.copyOf(samples);
  }

  /**
   * Requests of lognormal lengths.
   *
   * @param prompt mean tokens of a prompt
   * @param output mean tokens of an answer
   * @param cached part of each prompt that need not be computed, 0 to 1
   * @param longest most tokens of prompt and answer together
   */
  public static Workload typical(
      PriorityClass priority, int prompt, int output, double cached, int longest, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      int answer = Math.clamp(length(output, random), 1, Math.max(1, longest / 2));
      int asked = Math.clamp(length(prompt, random), 1, Math.max(1, longest - answer - 1));
      samples.add(new Sample(priority, "t" + i % 8, asked, cachedOf(asked, cached), answer));
    }
    return new Workload(samples);
  }

  private static long length(int mean, SplittableRandom random) {
    // The mean of a lognormal value is exp(mu + sigma^2 / 2).
    double normal =
        Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
            * Math.cos(2 * Math.PI * random.nextDouble());
    return Math.round(mean * Math.exp(SIGMA * normal - SIGMA * SIGMA / 2));
  }

  private static int cachedOf(int prompt, double ratio) {
    return Math.clamp((long) (prompt * ratio), 0, prompt - 1);
  }

  /**
   * Requests as they were recorded, a CSV file with the columns {@code
   * class,tenant,prompt_tokens,cached_tokens,output_tokens}.
   *
   * @throws FormatException when it is none
   */
  public static Workload read(Path file) {
    String source = file.toString();
    List<Sample> samples = new ArrayList<>();
    try (BufferedReader in = Files.newBufferedReader(file)) {
      String line = in.readLine();
      if (line == null || !line.strip().equals(HEADER)) {
        throw new FormatException(source, "must begin with the line " + HEADER);
      }
      for (line = in.readLine(); line != null; line = in.readLine()) {
        if (line.isBlank()) {
          continue;
        }
        if (samples.size() == MOST) {
          throw new FormatException(source, "has more than " + MOST + " requests");
        }
        samples.add(sample(line, source + ":" + (samples.size() + 2)));
      }
    } catch (IOException e) {
      throw new FormatException(source, "cannot be read: " + e, e);
    }
    if (samples.isEmpty()) {
      throw new FormatException(source, "has no requests");
    }
    return new Workload(samples);
  }

  private static Sample sample(String line, String at) {
    String[] parts = line.strip().split(",", -1);
    try {
      if (parts.length == 5) {
        PriorityClass priority = PriorityClass.valueOf(parts[0].toUpperCase(Locale.ROOT));
        int prompt = Integer.parseInt(parts[2]);
        int cached = Integer.parseInt(parts[3]);
        int output = Integer.parseInt(parts[4]);
        if (prompt > 0 && cached >= 0 && cached <= prompt && output >= 0) {
          // The last token of a prompt is always computed, and a cut answer had a first one.
          return new Sample(
              priority, parts[1], prompt, Math.min(cached, prompt - 1), Math.max(1, output));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new FormatException(at, "is not of the form " + HEADER, e);
    }
    throw new FormatException(at, "is not of the form " + HEADER);
  }

  /** The same requests with another part of each prompt cached, 0 to 1. */
  public Workload withCached(double ratio) {
    return new Workload(
        samples.stream()
            .map(
                s ->
                    new Sample(s.priority, s.tenant, s.prompt, cachedOf(s.prompt, ratio), s.output))
            .toList());
  }

  /** Part of all prompt tokens that need not be computed. */
  public double cached() {
    double cached = samples.stream().mapToLong(Sample::cached).sum();
    return cached / samples.stream().mapToLong(Sample::prompt).sum();
  }

  /**
   * Requests that come independently of each other.
   *
   * @param perSecond how many, on average
   */
  List<SimulatedRequest> arrivals(double perSecond, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] times = new double[count];
    double now = 0;
    for (int i = 0; i < count; i++) {
      now += -Math.log(1 - random.nextDouble()) / perSecond;
      times[i] = now;
    }
    return Arrays.stream(times)
        .mapToObj(
            time -> {
              Sample s = samples.get(random.nextInt(samples.size()));
              return new SimulatedRequest(time, s.priority, s.tenant, s.prompt, s.cached, s.output);
            })
        .toList();
  }
}
