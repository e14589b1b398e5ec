import com.segment.analytics.Analytics;
import com.segment.analytics.messages.IdentifyMessage;
import com.segment.analytics.messages.PageMessage;
import com.segment.analytics.messages.TrackMessage;
import java.util.List;
import java.util.Map;

/** Sends an order as a shop does with Segment's library for Java: `SendOrder URL WRITE_KEY`. */
public class SendOrder {
    public static void main(String[] arguments) throws Exception {
        Analytics analytics = Analytics.builder(arguments[1]).endpoint(arguments[0]).build();
        analytics.enqueue(IdentifyMessage.builder().userId("ann").traits(Map.of("plan", "gold")));
        analytics.enqueue(
            PageMessage.builder("Home").userId("ann").properties(Map.of("url", "https://shop.example/")));
        analytics.enqueue(
            TrackMessage.builder("Product Viewed")
                .userId("ann")
                .properties(Map.of("product_id", "p1", "price", 5.0, "currency", "EUR")));
        analytics.enqueue(
            TrackMessage.builder("Order Completed")
                .userId("ann")
                .properties(
                    Map.of(
                        "order_id", "o1",
                        "currency", "EUR",
                        "total", 17.5,
                        "products",
                        List.of(
                            Map.of("product_id", "p1", "price", 5.0, "quantity", 2),
                            Map.of("product_id", "p2", "price", 7.5, "quantity", 1)))));
        analytics.flush();
        Thread.sleep(2000);
        analytics.shutdown();
    }
}
