// SPDX-License-Identifier: GPL-2.0-or-later
/* What was recorded for hotspot.data.xz: monitors, waits, sleep, park, garbage. */
public class Dive {
	static final Object wreck = new Object();

	static void dive(int times) {
		for (int i = 0; i < times; i++)
			synchronized (wreck) {
				long until = System.nanoTime() + 300000;
				while (System.nanoTime() < until)
					;
				try {
					wreck.wait(1);
				} catch (InterruptedException e) {
				}
			}
	}

	public static void main(String[] arguments) throws Exception {
		Thread[] divers = new Thread[3];
		for (int i = 0; i < divers.length; i++) {
			divers[i] = new Thread(() -> dive(20));
			divers[i].start();
		}
		for (Thread diver : divers)
			diver.join();
		Thread.sleep(5);
		java.util.concurrent.locks.LockSupport.parkNanos(1000000);
		System.gc();
	}
}
