package io.hadal.engine.capacity;

import io.hadal.engine.serving.PriorityClass;
import io.hadal.engine.serving.SimulatedRequest;
import io.hadal.formats.FormatException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Requests as they come: samples of what they ask for, which arrive at random times. */
public final class Workload {
  private static final int MOST = 1_000_000;
  private static final int SAMPLES = 1000;

  /** Spread of lengths around their mean: the 95th percentile is about 3.3 times the median. */
  private static final double SIGMA = 0.73;

  private static final String HEADER = "class,tenant,prompt_tokens,cached_tokens,output_tokens";

  /** With the moment of each request, for the hours of a day. */
  private static final String TIMED = HEADER + ",time";

  private static final int HOURS = 24;

  /** What one request asks for. */
  private record Sample(
      PriorityClass priority, String tenant, int prompt, int cached, int output) {}

  private final List<Sample> samples;
  private final List<Double> hours;

  private Workload(List<Sample> samples, List<Double> hours) {
    this.samples = List.copyOf(samples);
    this.hours = List.copyOf(hours);
  }

  private Workload(List<Sample> samples) {
    this(samples, Collections.nCopies(HOURS, 1.0));
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
   * class,tenant,prompt_tokens,cached_tokens,output_tokens} and, for {@link #hours}, {@code time}:
   * when each came, ISO 8601 in UTC.
   *
   * @throws FormatException when it is none
   */
  public static Workload read(Path file) {
    String source = file.toString();
    List<Recorded> requests = new ArrayList<>();
    try (BufferedReader in = Files.newBufferedReader(file)) {
      String line = in.readLine();
      boolean timed = line != null && line.strip().equals(TIMED);
      if (line == null || !(timed || line.strip().equals(HEADER))) {
        throw new FormatException(
            source, "must begin with the line " + HEADER + ", with or without time behind");
      }
      int number = 1;
      for (line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        if (requests.size() == MOST) {
          throw new FormatException(source, "has more than " + MOST + " requests");
        }
        requests.add(recorded(line, timed, source + ":" + number));
      }
    } catch (IOException e) {
      throw new FormatException(source, "cannot be read: " + e, e);
    }
    if (requests.isEmpty()) {
      throw new FormatException(source, "has no requests");
    }
    return recorded(requests);
  }

  /**
   * A request that was.
   *
   * @param prompt tokens of its prompt, more than 0
   * @param cached those of them that were cached
   * @param output tokens of its answer; none when it was cut before the first
   * @param at when it came; null when unknown
   */
  public record Recorded(
      PriorityClass priority,
      String tenant,
      int prompt,
      int cached,
      int output,
      @Nullable Instant at) {
    private Sample sample() {
      // The last token of a prompt is always computed, and a cut answer had a first one.
      return new Sample(
          priority, tenant, prompt, Math.clamp(cached, 0, prompt - 1), Math.max(1, output));
    }
  }

  /** Requests that were; at least one. */
  public static Workload recorded(List<Recorded> requests) {
    double[] counts = new double[HOURS];
    int timed = 0;
    for (Recorded request : requests) {
      if (request.at != null) {
        counts[request.at.atOffset(ZoneOffset.UTC).getHour()]++;
        timed++;
      }
    }
    double mean = (double) timed / HOURS;
    List<Sample> samples = requests.stream().map(Recorded::sample).toList();
    return timed == 0
        ? new Workload(samples)
        : new Workload(samples, Arrays.stream(counts).mapToObj(n -> n / mean).toList());
  }

  private static Recorded recorded(String line, boolean timed, String at) {
    String[] parts = line.strip().split(",", -1);
    try {
      if (parts.length == (timed ? 6 : 5)) {
        PriorityClass priority = PriorityClass.valueOf(parts[0].toUpperCase(Locale.ROOT));
        int prompt = Integer.parseInt(parts[2]);
        int cached = Integer.parseInt(parts[3]);
        int output = Integer.parseInt(parts[4]);
        if (prompt > 0 && cached >= 0 && cached <= prompt && output >= 0) {
          Instant time = timed ? Instant.parse(parts[5]) : null;
          return new Recorded(priority, parts[1], prompt, cached, output, time);
        }
      }
    } catch (DateTimeParseException e) {
      throw new FormatException(at, "time must be like 2026-11-30T08:15:00Z", e);
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
            .toList(),
        hours);
  }

  /**
   * The same requests, as often as before, of which a tenant has another part.
   *
   * @param share from 0 to 0.9
   */
  public Workload withShare(String tenant, double share) {
    double now = share(tenant);
    if (now == 0 || now == 1 || !(share >= 0 && share <= 0.9)) {
      throw new IllegalArgumentException(tenant + " cannot have a share of " + share);
    }
    return withTenant(tenant, Math.min(100, share / (1 - share) * (1 - now) / now));
  }

  /**
   * The same requests, with another number of those of a tenant. Together they are {@code 1 +
   * share(tenant) * (factor - 1)} times as many.
   *
   * @param factor times as many as now, 0 to 100
   */
  public Workload withTenant(String tenant, double factor) {
    if (!(factor >= 0 && factor <= 100)) {
      throw new IllegalArgumentException("a factor from 0 to 100, not " + factor);
    }
    List<Sample> some = new ArrayList<>();
    double due = 0;
    for (Sample s : samples) {
      if (!s.tenant.equals(tenant)) {
        some.add(s);
        continue;
      }
      for (due += factor; due >= 1; due--) {
        some.add(s);
      }
    }
    return new Workload(some, hours);
  }

  /** Part of all requests that are a tenant's. */
  public double share(String tenant) {
    return (double) samples.stream().filter(s -> s.tenant.equals(tenant)).count() / samples.size();
  }

  /** The tenant whose requests have most tokens to compute; the first by name among equals. */
  public String largestTenant() {
    Map<String, Long> tokens = new TreeMap<>();
    for (Sample s : samples) {
      tokens.merge(s.tenant, (long) s.prompt - s.cached + s.output, Long::sum);
    }
    return Collections.max(
            tokens.entrySet(),
            Map.Entry.<String, Long>comparingByValue()
                .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
        .getKey();
  }

  /** Rate of each hour of a day, UTC, as part of the mean one; all 1 when nobody recorded it. */
  public List<Double> hours() {
    return hours;
  }

  /** Mean tokens of a request. */
  public Tokens meanTokens() {
    return new Tokens(mean(s -> s.prompt - s.cached), mean(s -> s.cached), mean(s -> s.output));
  }

  /**
   * Tokens of a request.
   *
   * @param prompt those of the prompt that are not cached
   * @param cached those that are
   * @param output those of the answer
   */
  public record Tokens(double prompt, double cached, double output) {}

  private double mean(ToDoubleFunction<Sample> tokens) {
    return samples.stream().mapToDouble(tokens).average().orElse(0);
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
