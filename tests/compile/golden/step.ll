; ModuleID = "step"
target triple = "unknown-unknown-unknown"
target datalayout = ""

define void @"step0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier") nounwind
{
entry:
  call void @"step0.0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier")
  ret void
}

define internal void @"step0.0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier") nounwind
{
entry:
  %".7" = icmp eq i64 %"thread", 0
  %"total" = alloca float
  %"partial" = alloca <8 x float>
  %".23" = getelementptr inbounds ptr, ptr %"table", i64 1
  %".24" = load ptr, ptr %".23", align 8
  %".66" = getelementptr inbounds ptr, ptr %"table", i64 2
  %".67" = load ptr, ptr %".66", align 8
  %".79" = getelementptr inbounds ptr, ptr %"table", i64 3
  %".80" = load ptr, ptr %".79", align 8
  br i1 %".7", label %"alone.then", label %"alone.end"
alone.then:
  ; multiply sum
  br label %"row.body"
alone.end:
  ret void
row.body:
  %"row" = phi  i64 [0, %"alone.then"], [%"row.next", %"lane.end"]
  %".11" = mul i64 %"row", 19
  %".12" = add i64 0, %".11"
  %".13" = mul i64 %"row", 19
  %".14" = add i64 0, %".13"
  %".15" = add i64 0, %"row"
  store float              0x0, ptr %"total"
  store <8 x float> splat (float              0x0), ptr %"partial"
  %".18" = add i64 0, 16
  %".19" = icmp slt i64 0, %".18"
  br i1 %".19", label %"lane.body", label %"lane.end"
row.end:
  ; multiply subtract
  %".73" = add i64 0, 72
  %".74" = icmp slt i64 0, %".73"
  br i1 %".74", label %"lane.body.1", label %"lane.end.1"
lane.body:
  %"lane" = phi  i64 [0, %"row.body"], [%"lane.next", %"lane.body"]
  %".21" = add i64 %".12", %"lane"
  %".22" = add i64 %".14", %"lane"
  %".25" = getelementptr inbounds float, ptr %".24", i64 %".21"
  %".26" = load <8 x float>, ptr %".25", align 4
  %".27" = fmul contract <8 x float> %".26", %".26"
  %".28" = load <8 x float>, ptr %"partial"
  %".29" = fadd contract <8 x float> %".28", %".27"
  store <8 x float> %".29", ptr %"partial"
  %"lane.next" = add nsw i64 %"lane", 8
  %".31" = icmp slt i64 %"lane.next", %".18"
  br i1 %".31", label %"lane.body", label %"lane.end"
lane.end:
  %".33" = add i64 %".12", %".18"
  %".34" = add i64 %".14", %".18"
  %".35" = sub i64 19, %".18"
  %".36" = icmp slt i64 %".35", 8
  %".37" = select  i1 %".36", i64 %".35", i64 8
  %".38" = trunc i64 %".37" to i32
  %".39" = insertelement <8 x i32> poison, i32 %".38", i32 0
  %".40" = shufflevector <8 x i32> %".39", <8 x i32> %".39", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".41" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".40"
  %".42" = getelementptr inbounds float, ptr %".24", i64 %".33"
  %".43" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".42", i32 4, <8 x i1> %".41", <8 x float> zeroinitializer)
  %".44" = fmul contract <8 x float> %".43", %".43"
  %".45" = load <8 x float>, ptr %"partial"
  %".46" = fadd contract <8 x float> %".45", %".44"
  %".47" = load <8 x float>, ptr %"partial"
  %".48" = select  <8 x i1> %".41", <8 x float> %".46", <8 x float> %".47"
  store <8 x float> %".48", ptr %"partial"
  %".50" = load <8 x float>, ptr %"partial"
  %".51" = shufflevector <8 x float> %".50", <8 x float> %".50", <4 x i32> <i32 0, i32 1, i32 2, i32 3>
  %".52" = shufflevector <8 x float> %".50", <8 x float> %".50", <4 x i32> <i32 4, i32 5, i32 6, i32 7>
  %".53" = fadd contract <4 x float> %".51", %".52"
  %".54" = shufflevector <4 x float> %".53", <4 x float> %".53", <2 x i32> <i32 0, i32 1>
  %".55" = shufflevector <4 x float> %".53", <4 x float> %".53", <2 x i32> <i32 2, i32 3>
  %".56" = fadd contract <2 x float> %".54", %".55"
  %".57" = shufflevector <2 x float> %".56", <2 x float> %".56", <1 x i32> <i32 0>
  %".58" = extractelement <1 x float> %".57", i32 0
  %".59" = shufflevector <2 x float> %".56", <2 x float> %".56", <1 x i32> <i32 1>
  %".60" = extractelement <1 x float> %".59", i32 0
  %".61" = fadd contract float %".58", %".60"
  %".62" = load float, ptr %"total"
  %".63" = fadd contract float %".62", %".61"
  store float %".63", ptr %"total"
  %".65" = load float, ptr %"total"
  %".68" = getelementptr inbounds float, ptr %".67", i64 %".15"
  store float %".65", ptr %".68", align 4
  %"row.next" = add nsw i64 %"row", 1
  %".70" = icmp slt i64 %"row.next", 4
  br i1 %".70", label %"row.body", label %"row.end"
lane.body.1:
  %"lane.1" = phi  i64 [0, %"row.end"], [%"lane.next.1", %"lane.body.1"]
  %".76" = add i64 0, %"lane.1"
  %".77" = add i64 0, %"lane.1"
  %".78" = add i64 0, %"lane.1"
  %".81" = getelementptr inbounds float, ptr %".80", i64 %".77"
  %".82" = load <8 x float>, ptr %".81", align 4
  %".83" = getelementptr inbounds float, ptr %".24", i64 %".76"
  %".84" = load <8 x float>, ptr %".83", align 4
  %".85" = fmul contract <8 x float> %".84", splat (float 0x3fe0000000000000)
  %".86" = fsub contract <8 x float> %".82", %".85"
  %".87" = getelementptr inbounds float, ptr %".80", i64 %".78"
  store <8 x float> %".86", ptr %".87", align 4
  %"lane.next.1" = add nsw i64 %"lane.1", 8
  %".89" = icmp slt i64 %"lane.next.1", %".73"
  br i1 %".89", label %"lane.body.1", label %"lane.end.1"
lane.end.1:
  %".91" = add i64 0, %".73"
  %".92" = add i64 0, %".73"
  %".93" = add i64 0, %".73"
  %".94" = sub i64 76, %".73"
  %".95" = icmp slt i64 %".94", 8
  %".96" = select  i1 %".95", i64 %".94", i64 8
  %".97" = trunc i64 %".96" to i32
  %".98" = insertelement <8 x i32> poison, i32 %".97", i32 0
  %".99" = shufflevector <8 x i32> %".98", <8 x i32> %".98", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".100" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".99"
  %".101" = getelementptr inbounds float, ptr %".80", i64 %".92"
  %".102" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".101", i32 4, <8 x i1> %".100", <8 x float> zeroinitializer)
  %".103" = getelementptr inbounds float, ptr %".24", i64 %".91"
  %".104" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".103", i32 4, <8 x i1> %".100", <8 x float> zeroinitializer)
  %".105" = fmul contract <8 x float> %".104", splat (float 0x3fe0000000000000)
  %".106" = fsub contract <8 x float> %".102", %".105"
  %".107" = getelementptr inbounds float, ptr %".80", i64 %".93"
  call void @"llvm.masked.store.v8f32.p0"(<8 x float> %".106", ptr %".107", i32 4, <8 x i1> %".100")
  br label %"alone.end"
}

declare <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".1", i32 %".2", <8 x i1> %".3", <8 x float> %".4")

declare void @"llvm.masked.store.v8f32.p0"(<8 x float> %".1", ptr %".2", i32 %".3", <8 x i1> %".4")
