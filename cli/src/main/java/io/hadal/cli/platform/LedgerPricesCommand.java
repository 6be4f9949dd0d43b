package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.db.Database;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.money.Usd;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Tenants;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal ledger prices}: the price book. */
@Command(
    name = "prices",
    description = {
      "Shows the price book, or adds a price to it when VERSION and --source are given.",
      "Prices are never changed: a correction is another one with the same --valid-from."
    })
final class LedgerPricesCommand implements Callable<Integer> {
  private static final int PAGE = 500;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption database = new DatabaseOption();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "VERSION",
      description = "Model version, such as hadal-nano@2026-11-24; * for all without a price.")
  private @Nullable String version;

  @Option(
      names = "--project",
      paramLabel = "PROJECT",
      description = "The only project that has this price: its id or slug.")
  private @Nullable String project;

  @Option(names = "--input", paramLabel = "USD", description = "USD a million tokens of input.")
  private @Nullable String input;

  @Option(
      names = "--cache-read",
      paramLabel = "USD",
      description = "USD a million cached tokens. Default: as --input.")
  private @Nullable String cacheRead;

  @Option(
      names = "--cache-write",
      paramLabel = "USD",
      description = "USD a million tokens that are kept. Default: as --input.")
  private @Nullable String cacheWrite;

  @Option(names = "--output", paramLabel = "USD", description = "USD a million tokens of answers.")
  private @Nullable String output;

  @Option(
      names = "--reasoning",
      paramLabel = "USD",
      description = "USD a million tokens of reasoning. Default: as --output.")
  private @Nullable String reasoning;

  @Option(names = "--image", paramLabel = "USD", description = "USD an image.")
  private @Nullable String image;

  @Option(names = "--second", paramLabel = "USD", description = "USD a second of video or sound.")
  private @Nullable String second;

  @Option(
      names = "--request",
      paramLabel = "USD",
      description = "Flat USD a request, whatever its length.")
  private @Nullable String request;

  @Option(
      names = "--schedule",
      paramLabel = "FILE",
      description =
          "JSON: windows of UTC hours with other prices, [{\"name\",\"days\",\"from\",\"to\","
              + "\"prices\":{\"input\": pico-USD a token}}].")
  private @Nullable Path schedule;

  @Option(names = "--valid-from", paramLabel = "TIME", description = "Default: now.")
  private @Nullable String validFrom;

  @Option(names = "--valid-to", paramLabel = "TIME", description = "Default: for ever.")
  private @Nullable String validTo;

  @Option(
      names = "--source",
      paramLabel = "TEXT",
      description = "Where the price comes from; adds it.")
  private @Nullable String source;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String from = source;
    try (Database open = database.open(from != null)) {
      PriceBook book = new PriceBook(open, PriceBook.Unpriced.FREE, Clock.systemUTC());
      String only = project == null ? null : DatabaseOption.project(open, project);
      if (from == null) {
        if (priced()) {
          throw new FormatException("--source", "is required to add a price");
        }
        list(book, only, out);
      } else {
        Price added = open.together(() -> add(open, book, only, from));
        out.println(text(added));
      }
      out.flush();
    }
    return ExitCode.OK;
  }

  private Price add(Database open, PriceBook book, @Nullable String only, String from) {
    Price added = add(book, only, from);
    Place place = only == null ? null : new Tenants(open, Clock.systemUTC()).place("project", only);
    CommandAudit.tellOf(
        place == null ? null : place.org(),
        open,
        "price.create",
        "prices/" + added.id(),
        "price",
        text(added));
    return added;
  }

  private Price add(PriceBook book, @Nullable String only, String from) {
    String model = version;
    if (model == null) {
      throw new FormatException("VERSION", "is required to add a price");
    }
    if (!priced()) {
      throw new FormatException("--input", "or another price is required; 0 is free");
    }
    long in = million("--input", input, 0);
    long out = million("--output", output, 0);
    UnitPrices base =
        new UnitPrices(
            in,
            million("--cache-read", cacheRead, in),
            million("--cache-write", cacheWrite, in),
            out,
            million("--reasoning", reasoning, out),
            image == null ? 0 : Usd.pico(image, "--image"),
            second == null ? 0 : Usd.pico(second, "--second"),
            request == null ? 0 : Usd.pico(request, "--request"));
    Path file = schedule;
    long now = System.currentTimeMillis();
    return book.add(
        new Price(
            0,
            Price.version(model),
            only,
            UsageFilterOption.time("--valid-from", validFrom, now),
            validTo == null ? null : UsageFilterOption.time("--valid-to", validTo, 0),
            base,
            file == null
                ? Schedule.NONE
                : Schedule.read(Json.parse(file, 1 << 20), base, file.toString()),
            from,
            "cli:" + System.getProperty("user.name"),
            now));
  }

  private boolean priced() {
    return Stream.of(input, cacheRead, cacheWrite, output, reasoning, image, second, request)
        .anyMatch(Objects::nonNull);
  }

  private static long million(String flag, @Nullable String text, long fallback) {
    return text == null ? fallback : Usd.picoOfMillion(text, flag);
  }

  private void list(PriceBook book, @Nullable String only, PrintWriter out) {
    long after = 0;
    while (true) {
      List<Price> page = book.list(version, only, after, PAGE);
      page.forEach(price -> out.println(text(price)));
      if (after == 0 && page.isEmpty()) {
        out.println(version == null ? "no prices yet" : "no price of " + version);
      }
      if (page.size() < PAGE) {
        return;
      }
      after = page.getLast().id();
    }
  }

  private static String text(Price price) {
    UnitPrices base = price.base();
    StringBuilder line = new StringBuilder();
    line.append(price.id()).append("  ").append(price.modelVersion());
    if (price.project() != null) {
      line.append("  project ").append(price.project());
    }
    line.append("  from ").append(Instant.ofEpochMilli(price.validFrom()));
    Long to = price.validTo();
    if (to != null) {
      line.append(" to ").append(Instant.ofEpochMilli(to));
    }
    line.append("  USD a million: input ")
        .append(Usd.perMillion(base.input()))
        .append(", cached ")
        .append(Usd.perMillion(base.cacheRead()))
        .append(", kept ")
        .append(Usd.perMillion(base.cacheWrite()))
        .append(", output ")
        .append(Usd.perMillion(base.output()));
    if (base.request() > 0) {
      line.append("; a request ").append(Usd.text(base.request() / 1000));
    }
    if (!price.schedule().windows().isEmpty()) {
      line.append("; ").append(price.schedule().windows().size()).append(" windows");
    }
    return line.append("  (").append(price.source()).append(')').toString();
  }
}
