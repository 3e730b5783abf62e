DROP INDEX "turns_queue_index";--> statement-breakpoint
DROP INDEX "turns_user_index";--> statement-breakpoint
CREATE INDEX "turns_user_queue_index" ON "turns" USING btree ("user_id","created_at","id") WHERE "turns"."status" = 'queued';--> statement-breakpoint
CREATE INDEX "turns_user_started_index" ON "turns" USING btree ("user_id","started_at");