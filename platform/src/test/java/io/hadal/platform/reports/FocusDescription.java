package io.hadal.platform.reports;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What FOCUS 1.2 says of a file of costs, apart from what writes one here. */
final class FocusDescription {
  private final Map<String, Column> columns = new HashMap<>();

  /** A column; without allowed values any will do. */
  private record Column(String level, String type, boolean nulls, Set<String> allowed) {}

  FocusDescription() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            FocusDescription.class.getResourceAsStream("focus-1.2-columns.txt"))) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(
              line -> {
                String[] cells = line.split("\\|", -1);
                String allowed = cells[4].strip();
                columns.put(
                    cells[0].strip(),
                    new Column(
                        cells[1].strip(),
                        cells[2].strip(),
                        cells[3].strip().equals("yes"),
                        allowed.isEmpty() ? Set.of() : Set.of(allowed.split(";"))));
              });
    }
  }

  /** Columns that are there must be known or marked as custom; mandatory ones must be there. */
  void check(List<String> header) {
    assertThat(header).doesNotHaveDuplicates();
    for (String name : header) {
      if (!columns.containsKey(name)) {
        assertThat(name).startsWith("x_");
      }
    }
    List<String> missing = new ArrayList<>();
    columns.forEach(
        (name, column) -> {
          if (column.level.equals("mandatory") && !header.contains(name)) {
            missing.add(name);
          }
        });
    assertThat(missing).isEmpty();
  }

  /** Types, nulls, allowed values, and what columns say of each other. */
  void check(Map<String, String> row) {
    row.forEach(
        (name, value) -> {
          Column column = columns.get(name);
          if (column == null) {
            return;
          }
          if (value.isEmpty()) {
            assertThat(column.nulls).as(name + " must not be null").isTrue();
            return;
          }
          assertThat(value).as(name).isEqualTo(value.strip());
          if (!column.allowed.isEmpty()) {
            assertThat(column.allowed).as(name).contains(value);
          }
          typed(name, column.type, value);
        });
    between(row);
  }

  private static void typed(String name, String type, String value) {
    switch (type) {
      case "decimal" -> assertThat(value).as(name).matches("-?[0-9]+(\\.[0-9]+)?(E-?[0-9]+)?");
      case "datetime" ->
          assertThat(value).as(name).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
      case "currency" -> assertThat(Currency.getInstance(value).getCurrencyCode()).isEqualTo(value);
      case "json" ->
          assertThat(Json.parse(value.getBytes(StandardCharsets.UTF_8), name).isObject())
              .as(name)
              .isTrue();
      default -> assertThat(type).isEqualTo("string");
    }
  }

  private static void between(Map<String, String> row) {
    Instant start = Instant.parse(text(row, "ChargePeriodStart"));
    Instant end = Instant.parse(text(row, "ChargePeriodEnd"));
    assertThat(start).isBefore(end);
    assertThat(Instant.parse(text(row, "BillingPeriodStart"))).isBeforeOrEqualTo(start);
    assertThat(Instant.parse(text(row, "BillingPeriodEnd"))).isAfterOrEqualTo(end);
    together(row, "ConsumedQuantity", "ConsumedUnit");
    together(row, "PricingQuantity", "PricingUnit");
    together(row, "ResourceId", "ResourceType");
    together(row, "SkuId", "SkuPriceId");
    if (text(row, "ResourceId").isEmpty()) {
      assertThat(text(row, "ResourceName")).isEmpty();
    }
    if (text(row, "SubAccountId").isEmpty()) {
      assertThat(text(row, "SubAccountName")).isEmpty();
    }
    if (text(row, "ChargeCategory").equals("Usage")
        && !text(row, "ChargeClass").equals("Correction")) {
      for (String needed : List.of("PricingQuantity", "PricingUnit", "PricingCategory", "SkuId")) {
        assertThat(text(row, needed)).as(needed).isNotEmpty();
      }
      product(row, "ListCost", "ListUnitPrice");
      product(row, "ContractedCost", "ContractedUnitPrice");
    }
    // What is owed is never more than the list says.
    assertThat(number(row, "EffectiveCost")).isLessThanOrEqualTo(number(row, "ListCost"));
    assertThat(number(row, "BilledCost")).isLessThanOrEqualTo(number(row, "ListCost"));
  }

  private static String text(Map<String, String> row, String name) {
    return row.getOrDefault(name, "");
  }

  private static BigDecimal number(Map<String, String> row, String name) {
    return new BigDecimal(text(row, name));
  }

  private static void together(Map<String, String> row, String one, String other) {
    assertThat(text(row, one).isEmpty())
        .as(one + ", " + other)
        .isEqualTo(text(row, other).isEmpty());
  }

  /** Exact but for rounding to nano-USD, which rows of an attempt share. */
  private static void product(Map<String, String> row, String cost, String price) {
    BigDecimal exact = number(row, price).multiply(number(row, "PricingQuantity"));
    assertThat(number(row, cost).subtract(exact).abs())
        .as(cost)
        .isLessThanOrEqualTo(new BigDecimal("0.000000002"));
  }
}
