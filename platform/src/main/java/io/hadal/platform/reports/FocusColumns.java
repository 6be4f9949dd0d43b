package io.hadal.platform.reports;

import io.hadal.platform.ledger.EventRow;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Quantities;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Charges in the columns of FOCUS, the FinOps Open Cost and Usage Specification: a line for each
 * kind of token of an attempt. The lines of an attempt sum to its cost exactly.
 */
final class FocusColumns {
  /** Version of these columns; new ones come last, with another version. */
  private static final int SCHEMA_VERSION = 2;

  static final List<String> NAMES =
      List.of(
          "BilledCost",
          "EffectiveCost",
          "ListCost",
          "ContractedCost",
          "BillingCurrency",
          "BillingAccountId",
          "BillingAccountName",
          "BillingPeriodStart",
          "BillingPeriodEnd",
          "ChargePeriodStart",
          "ChargePeriodEnd",
          "ChargeCategory",
          "ChargeClass",
          "ChargeDescription",
          "ChargeFrequency",
          "ConsumedQuantity",
          "ConsumedUnit",
          "PricingQuantity",
          "PricingUnit",
          "PricingCategory",
          "ListUnitPrice",
          "ContractedUnitPrice",
          "ProviderName",
          "PublisherName",
          "InvoiceIssuerName",
          "RegionId",
          "ResourceId",
          "ResourceName",
          "ResourceType",
          "ServiceCategory",
          "ServiceName",
          "SkuId",
          "SkuPriceId",
          "SubAccountId",
          "SubAccountName",
          "Tags",
          "x_SchemaVersion",
          "x_Cursor",
          "x_RequestId",
          "x_Attempt",
          "x_Team",
          "x_Key",
          "x_Outcome",
          "x_Estimated",
          "ServiceSubcategory");

  private static final BigInteger PICO_OF_NANO = BigInteger.valueOf(1000);

  /** A kind of thing that an attempt took. */
  private record Part(String name, String unit, long quantity, long price) {
    BigInteger pico() {
      return BigInteger.valueOf(quantity).multiply(BigInteger.valueOf(price));
    }
  }

  private FocusColumns() {}

  static List<List<String>> rows(EventRow event, PriceSnapshot prices) {
    List<Part> parts = parts(event.quantities(), prices);
    if (parts.isEmpty()) {
      return List.of();
    }
    // Rounding of each sum, not of each line: the lines add up.
    List<List<String>> rows = new ArrayList<>();
    BigInteger sum = BigInteger.ZERO;
    long listed = 0;
    boolean free = event.cost() == 0;
    for (int i = 0; i < parts.size(); i++) {
      sum = sum.add(parts.get(i).pico());
      long upTo = nano(sum);
      if (!free && i == parts.size() - 1) {
        upTo = event.cost();
      }
      rows.add(row(event, parts.get(i), free ? 0 : upTo - listed, upTo - listed));
      listed = upTo;
    }
    return rows;
  }

  private static long nano(BigInteger pico) {
    return new BigDecimal(pico)
        .divide(new BigDecimal(PICO_OF_NANO), 0, RoundingMode.HALF_EVEN)
        .longValueExact();
  }

  private static List<Part> parts(Quantities q, PriceSnapshot p) {
    List<Part> all =
        List.of(
            new Part("input", "Tokens", q.inputUncached(), p.input()),
            new Part("cache_read", "Tokens", q.cacheRead(), p.cacheRead()),
            new Part("cache_write", "Tokens", q.cacheWrite(), p.cacheWrite()),
            new Part("output", "Tokens", q.outputText(), p.output()),
            new Part("reasoning", "Tokens", q.outputReasoning(), p.reasoning()),
            new Part("image", "Images", q.images(), p.image()),
            new Part("second", "Seconds", q.seconds(), p.second()),
            new Part("request", "Requests", p.request() == 0 ? 0 : 1, p.request()));
    return all.stream().filter(part -> part.quantity() > 0).toList();
  }

  private static List<String> row(EventRow event, Part part, long billed, long listed) {
    ZonedDateTime end = Instant.ofEpochMilli(event.end()).atZone(ZoneOffset.UTC);
    ZonedDateTime hour = end.truncatedTo(ChronoUnit.HOURS);
    ZonedDateTime month = end.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1);
    String cost = decimal(billed, 9);
    String list = decimal(listed, 9);
    String unitPrice = decimal(part.price(), 12);
    String sku = event.modelVersion() + "/" + part.name();
    String quantity = Long.toString(part.quantity());
    return List.of(
        cost,
        cost,
        list,
        list,
        "USD",
        event.org(),
        event.org(),
        time(month),
        time(month.plusMonths(1)),
        time(hour),
        time(hour.plusHours(1)),
        "Usage",
        "",
        CsvWriter.text(event.alias() + " " + part.name()),
        "Usage-Based",
        quantity,
        part.unit(),
        quantity,
        part.unit(),
        "Standard",
        unitPrice,
        unitPrice,
        "Hadal",
        event.backend(),
        "Hadal",
        "",
        event.modelVersion(),
        CsvWriter.text(event.alias()),
        "Model",
        "AI and Machine Learning",
        "Model inference",
        sku,
        event.priceBook() + "/" + sku,
        event.project(),
        event.project(),
        event.tags(),
        Integer.toString(SCHEMA_VERSION),
        Long.toString(event.seq()),
        event.requestId(),
        Integer.toString(event.attempt()),
        event.team(),
        event.key(),
        event.outcome(),
        Boolean.toString(event.estimated()),
        "Generative AI");
  }

  private static String decimal(long value, int digits) {
    return BigDecimal.valueOf(value, digits).toPlainString();
  }

  /** FOCUS wants seconds, and Z. */
  private static String time(ZonedDateTime time) {
    return time.toInstant().truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
